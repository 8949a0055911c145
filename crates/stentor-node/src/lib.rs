//! One machine: routes between the cores of its shows, owns no rule of theirs.
