#!/usr/bin/env node
// A resident compiler: `solc.js serve SOCKET` loads it once; `solc.js ask SOCKET ARGUMENTS` is the solc forge starts.
// Loading and warming the WebAssembly takes longer than compiling one changed contract.
"use strict";

const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");

const ROOT = path.dirname(path.dirname(path.dirname(fs.realpathSync(__filename))));

function read(stream, done) {
  const parts = [];
  stream.on("data", (part) => parts.push(part));
  stream.on("end", () => done(Buffer.concat(parts).toString("utf8")));
}

function serve(socket) {
  const solc = require(path.join(ROOT, "node_modules", "solc"));
  const server = net.createServer({ allowHalfOpen: true }, (connection) => {
    read(connection, (input) => connection.end(input === "version" ? solc.version() : solc.compile(input)));
  });
  server.listen(socket, () => process.stdout.write("ready\n"));
  process.stdin.on("end", () => process.exit(0)).resume();
}

function ask(socket, args) {
  const connection = net.connect(socket);
  if (args.includes("--version")) {
    read(connection, (found) => {
      fs.writeSync(1, `solc, the solidity compiler commandline interface\nVersion: ${found}\n`);
    });
    connection.end("version");
  } else {
    read(connection, (output) => fs.writeFileSync(1, output + "\n"));
    connection.end(fs.readFileSync(0));
  }
}

const [verb, socket, ...rest] = process.argv.slice(2);
if (verb === "serve") serve(socket);
else ask(socket, rest);
