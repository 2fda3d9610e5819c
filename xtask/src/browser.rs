//! The browser example: its module built, its page served, and the page tested in Chromium.

use crate::package::npm;
use crate::process::{root, show};
use crate::tools;
use crate::wasm::BROWSERS;
use anyhow::{Context, Result, anyhow, bail};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use tiny_http::{Header, Response, Server};

/// Builds the module and serves the page until interrupted.
pub fn serve(port: u16) -> Result<()> {
    build()?;
    let server = listen(port)?;
    println!("http://{}/", address(&server)?);
    answer(&server);
    Ok(())
}

/// Loads the page in headless Chromium; fails unless it comes to its end with the given digests.
pub fn test(expected: &[(&str, &str)]) -> Result<()> {
    build()?;
    let server = listen(0)?;
    let address = address(&server)?;
    thread::spawn(move || answer(&server));
    let profile = root().join("target/tools/profile");
    if profile.exists() {
        fs::remove_dir_all(&profile)?;
    }
    let mut command = Command::new(tools::program(&BROWSERS)?);
    command
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
        ])
        .args(["--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(["--virtual-time-budget=120000", "--dump-dom"])
        .arg(format!("http://{address}/"))
        .stderr(Stdio::null());
    eprintln!("> {}", show(&command));
    let output = command.output()?;
    let page = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || !page.contains("data-state=\"done\"") {
        bail!("the page did not come to its end; it shows\n{page}");
    }
    for (name, value) in expected {
        if !page.contains(value) {
            bail!("the page does not show {name} {value}; it shows\n{page}");
        }
    }
    println!("browser page: shows {} expected values", expected.len());
    Ok(())
}

fn folder() -> PathBuf {
    root().join("examples/browser")
}

fn build() -> Result<()> {
    npm::setup()?;
    let to = folder().join("pkg");
    fs::create_dir_all(&to)?;
    npm::module(
        "bank,demo",
        "-Ctarget-feature=+simd128",
        &to.join("page.wasm"),
    )?;
    npm::page(&to)
}

fn listen(port: u16) -> Result<Server> {
    Server::http(("127.0.0.1", port)).map_err(|error| anyhow!("port {port}: {error}"))
}

fn address(server: &Server) -> Result<SocketAddr> {
    server.server_addr().to_ip().context("no address")
}

/// Answers with the files of the example, by their names, and nothing else.
fn answer(server: &Server) {
    for request in server.incoming_requests() {
        let name = match request.url() {
            "/" => "index.html",
            url => url.trim_start_matches('/'),
        };
        let kind = match name.rsplit_once('.') {
            Some((_, "html")) => "text/html",
            Some((_, "js")) => "text/javascript",
            Some((_, "wasm")) => "application/wasm",
            _ => "application/octet-stream",
        };
        let file = match name.split('/').any(|part| part == "..") {
            true => None,
            false => fs::read(folder().join(name)).ok(),
        };
        // A client that went away is no reason to stop.
        let _ = match file {
            Some(bytes) => {
                let mut response = Response::from_data(bytes);
                if let Ok(header) = Header::from_bytes("Content-Type", kind) {
                    response.add_header(header);
                }
                request.respond(response)
            }
            None => request.respond(Response::empty(404)),
        };
    }
}
