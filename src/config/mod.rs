//! TOML to typed settings; every fault at once, with its place in the file.
