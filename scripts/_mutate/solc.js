#!/usr/bin/env node
// A compiler that leaves the code as it is written: no optimizer, but for the stack allocation that inline assembly of a
// library needs. `solc.js once ARGUMENTS` is such a solc; `solc.js serve SOCKET` stays resident, and then
// `solc.js ask SOCKET ARGUMENTS` is the solc forge starts: loading and warming the WebAssembly takes longer than compiling
// one changed contract.
"use strict";

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");

const ROOT = path.dirname(path.dirname(path.dirname(fs.realpathSync(__filename))));

const OFF = ["peephole", "inliner", "jumpdestRemover", "orderLiterals", "deduplicate", "cse", "constantOptimizer"];
const PLAIN = {
  enabled: true,
  runs: 1,
  details: {
    ...Object.fromEntries(OFF.map((name) => [name, false])),
    yul: true,
    yulDetails: { stackAllocation: true, optimizerSteps: ":" },
  },
};

function plain(input) {
  const request = JSON.parse(input);
  request.settings.optimizer = PLAIN;
  return JSON.stringify(request);
}

function once(args) {
  const input = args.includes("--standard-json") ? plain(fs.readFileSync(0, "utf8")) : undefined;
  const done = spawnSync(path.join(ROOT, "scripts", "solc"), args, { input, maxBuffer: 2 ** 30 });
  process.stderr.write(done.stderr);
  fs.writeFileSync(1, done.stdout);
  process.exit(done.status ?? 1);
}

function read(stream, done) {
  const parts = [];
  stream.on("data", (part) => parts.push(part));
  stream.on("end", () => done(Buffer.concat(parts).toString("utf8")));
}

function serve(socket) {
  const solc = require(path.join(ROOT, "node_modules", "solc"));
  const server = net.createServer({ allowHalfOpen: true }, (connection) => {
    read(connection, (input) => connection.end(input === "version" ? solc.version() : solc.compile(plain(input))));
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

const [verb, ...rest] = process.argv.slice(2);
if (verb === "serve") serve(rest[0]);
else if (verb === "ask") ask(rest[0], rest.slice(1));
else once(rest);
