//! People: links, roles, tokens, the phase of a show, on air, end and undo.
