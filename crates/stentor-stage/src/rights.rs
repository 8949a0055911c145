//! Who may ask for what: the table of ARCHITECTURE.md, "The stage".

use crate::command::StageCommand;
use crate::spec::Role;

/// Whom a command is about, as seen by who gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    /// Nobody: it is about the show.
    Nobody,
    /// The one who gives it.
    Oneself,
    /// Somebody else, of this role.
    Other(Role),
}

/// Whether somebody of this role may ask for that.
pub(crate) fn may(role: Role, command: &StageCommand, whom: Whom) -> bool {
    use StageCommand as Ask;
    match command {
        Ask::Live {} | Ask::End {} | Ask::Undo {} | Ask::Dump {} => role.runs_the_show(),
        Ask::Say { .. } | Ask::Hands { .. } | Ask::Hand { .. } => role.runs_the_show(),
        Ask::Invite { role: invited, .. } => match role {
            Role::Host => *invited != Role::Host,
            Role::CoHost => *invited == Role::Speaker,
            Role::Speaker => false,
        },
        Ask::Mute { .. } => whom == Whom::Oneself || directs(role, whom),
        Ask::NoiseSuppression { .. } => whom == Whom::Oneself || role == Role::Host,
        Ask::Place { .. } | Ask::Remove { .. } => directs(role, whom),
        Ask::Revoke { .. } => role == Role::Host,
    }
}

/// Whether somebody of this role says where that person is.
fn directs(role: Role, whom: Whom) -> bool {
    match role {
        Role::Host => true,
        Role::CoHost => matches!(whom, Whom::Oneself | Whom::Other(Role::Speaker)),
        Role::Speaker => false,
    }
}
