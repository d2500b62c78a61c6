//! A local stand-in for the Cloud API.
