//! Who is at the other end of a unix socket, and whether they may hand in alarms.

use std::collections::BTreeSet;
use std::fmt;

use tokio::net::unix::UCred;

/// How the error begins that a refused client is told; a client that sees it need not try again.
pub const REFUSED: &str = "this user may not hand in alarms";

/// A name in `allow_users` or `allow_groups` that means nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// No such user.
    #[error(
        "ingest.allow_users names {0}, which is no user here; create it, or remove it from the list"
    )]
    NoUser(String),
    /// No such group.
    #[error(
        "ingest.allow_groups names {0}, which is no group here; create it, or remove it from the list"
    )]
    NoGroup(String),
}

/// Who may connect.
#[derive(Debug, Clone)]
pub(super) struct Access {
    /// `None`: everyone whom the mode of the file lets in.
    lists: Option<Lists>,
}

#[derive(Debug, Clone)]
struct Lists {
    users: BTreeSet<u32>,
    groups: BTreeSet<u32>,
}

/// The process that connected, as the kernel vouches for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    user: u32,
    group: u32,
    process: Option<i32>,
}

impl Access {
    /// Reads names or numbers; with both lists empty everyone may.
    ///
    /// # Errors
    /// A name that nobody has.
    pub(super) fn new(users: &[String], groups: &[String]) -> Result<Self, AccessError> {
        if users.is_empty() && groups.is_empty() {
            return Ok(Self { lists: None });
        }
        let users = users.iter().map(|name| {
            uzers::get_user_by_name(name)
                .map(|user| user.uid())
                .or_else(|| name.parse().ok())
                .ok_or_else(|| AccessError::NoUser(name.clone()))
        });
        let groups = groups.iter().map(|name| {
            uzers::get_group_by_name(name)
                .map(|group| group.gid())
                .or_else(|| name.parse().ok())
                .ok_or_else(|| AccessError::NoGroup(name.clone()))
        });
        Ok(Self {
            lists: Some(Lists {
                users: users.collect::<Result<_, _>>()?,
                groups: groups.collect::<Result<_, _>>()?,
            }),
        })
    }

    /// Whether `peer` may connect: its user, its group, or a group that its user belongs to.
    pub(super) async fn admits(&self, peer: Peer) -> bool {
        let Some(lists) = &self.lists else {
            return true;
        };
        if lists.users.contains(&peer.user) || lists.groups.contains(&peer.group) {
            return true;
        }
        if lists.groups.is_empty() {
            return false;
        }
        // The directory of users may be on the network.
        let groups = lists.groups.clone();
        tokio::task::spawn_blocking(move || {
            let belongs = |user: uzers::User| {
                uzers::get_user_groups(user.name(), user.primary_group_id()).is_some_and(
                    |of_user| of_user.iter().any(|group| groups.contains(&group.gid())),
                )
            };
            uzers::get_user_by_uid(peer.user).is_some_and(belongs)
        })
        .await
        .unwrap_or(false)
    }
}

impl From<UCred> for Peer {
    fn from(credentials: UCred) -> Self {
        Self {
            user: credentials.uid(),
            group: credentials.gid(),
            process: credentials.pid(),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unix uid={} gid={}", self.user, self.group)?;
        match self.process {
            Some(process) => write!(f, " pid={process}"),
            None => Ok(()),
        }
    }
}
