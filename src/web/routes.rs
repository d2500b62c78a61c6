//! The table of routes: the router is built from it, the guard judges by it, the description of the
//! API is held to it.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, on};

use super::app::App;

/// What a request on a route does, and so who may send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Tells a stranger nothing: health, the login.
    Open,
    /// Reads.
    Read,
    /// Hands in what other systems have to say, and changes nothing else.
    HandIn,
    /// Changes something.
    Act,
}

/// A method on a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// `GET`, `POST`, `DELETE`, …; GET stands for HEAD too.
    pub method: Method,
    /// With its parameters in braces.
    pub path: &'static str,
    /// Who may call.
    pub access: Access,
}

/// Routes and what serves them.
#[derive(Default)]
pub(super) struct Routes {
    router: Router<App>,
    table: Vec<Route>,
}

impl Routes {
    /// GET of what tells a stranger nothing.
    pub(super) fn open<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(MethodFilter::GET, Method::GET, path, Access::Open, handler)
    }

    /// POST that everyone may try: it judges by itself.
    pub(super) fn knock<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(
            MethodFilter::POST,
            Method::POST,
            path,
            Access::Open,
            handler,
        )
    }

    /// GET.
    pub(super) fn read<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(MethodFilter::GET, Method::GET, path, Access::Read, handler)
    }

    /// POST of what another system has to say.
    pub(super) fn hand_in<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(
            MethodFilter::POST,
            Method::POST,
            path,
            Access::HandIn,
            handler,
        )
    }

    /// POST that changes something.
    pub(super) fn act<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(MethodFilter::POST, Method::POST, path, Access::Act, handler)
    }

    /// DELETE.
    pub(super) fn remove<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(
            MethodFilter::DELETE,
            Method::DELETE,
            path,
            Access::Act,
            handler,
        )
    }

    /// These and those.
    pub(super) fn and(mut self, others: Self) -> Self {
        self.router = self.router.merge(others.router);
        self.table.extend(others.table);
        self
    }

    /// What serves them, and the table of them.
    pub(super) fn take_apart(self) -> (Router<App>, Vec<Route>) {
        (self.router, self.table)
    }

    fn add<H, T>(
        mut self,
        filter: MethodFilter,
        method: Method,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.router = self.router.route(path, on(filter, handler));
        self.table.push(Route {
            method,
            path,
            access,
        });
        self
    }
}
