//! `klaxond templates`: what Meta has of the templates, handing them in, bringing them over.

mod check;
mod import;
mod list;
mod push;

use clap::Subcommand;
use serde_json::json;

use crate::config::Loaded;
use crate::whatsapp::{Client, TemplateInfo};

use super::Exit;
use super::options::{ConfigArgs, Output, block_on, complain, refused};

/// The options of `templates`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Templates are texts that Meta must approve before they can be sent. They are known there by name and
language. `push` hands in those of the config, with examples for the reviewers; a review takes minutes
to a day.

Examples:
  klaxond templates list
  klaxond templates check
  klaxond templates push alarm cleared
  klaxond templates push --all --dry-run
  klaxond templates import klaxond_alarm

Exit codes: 0 all well, 64 nothing was named, 78 the config is wrong, 69 Meta says no or has another
text, 75 Meta cannot be reached.")]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    config: ConfigArgs,
    /// How to print
    #[arg(long, value_enum, default_value = "text", global = true)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Every template that Meta has
    List,
    /// Whether those of the config are as Meta has them
    Check,
    /// Hand in those of the config
    Push(push::Args),
    /// Print one that Meta has as a piece of config
    Import(import::Args),
}

pub(super) fn run(args: &Args) -> Exit {
    let loaded = match args.config.load_for(args.output) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let done = block_on(async {
        let meta = Meta::open(&loaded, args.output)?;
        match &args.what {
            What::List => list::run(&meta).await,
            What::Check => check::run(&meta).await,
            What::Push(push) => push::run(push, &meta).await,
            What::Import(import) => import::run(import, &meta).await,
        }
    });
    match done {
        Ok(Ok(exit) | Err(exit)) | Err(exit) => exit,
    }
}

/// Meta, as the commands look at it.
struct Meta<'a> {
    loaded: &'a Loaded,
    client: Client,
    output: Output,
}

impl<'a> Meta<'a> {
    fn open(loaded: &'a Loaded, output: Output) -> Result<Self, Exit> {
        let settings = &loaded.settings.whatsapp;
        if settings.business_account_id.is_none() {
            let error =
                "templates belong to the business account: set whatsapp.business_account_id";
            complain(output, error);
            return Err(Exit::Config);
        }
        match Client::new(settings) {
            Ok(client) => Ok(Self {
                loaded,
                client,
                output,
            }),
            Err(error) => {
                complain(output, &error.to_string());
                Err(Exit::Config)
            }
        }
    }

    /// Every template that Meta has, by name and language; tells why when it cannot be had.
    async fn known(&self) -> Result<Vec<TemplateInfo>, Exit> {
        match self.client.templates().await {
            Ok(mut known) => {
                known.sort_by(|a, b| (&a.name, &a.language).cmp(&(&b.name, &b.language)));
                Ok(known)
            }
            Err(failure) => {
                let (exit, text) = refused(&failure, self.base_url());
                complain(self.output, &text);
                Err(exit)
            }
        }
    }

    fn base_url(&self) -> &str {
        &self.loaded.settings.whatsapp.base_url
    }

    /// Prints one object for programs.
    fn json(&self, ok: bool, templates: &[serde_json::Value]) {
        println!("{}", json!({"ok": ok, "templates": templates}));
    }
}
