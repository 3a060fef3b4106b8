// Checks proof files with the browser's module: one JSON object {file, options} a line on stdin, one result a line on stdout.
import { createInterface } from "node:readline";
import { Broken, verify } from "../../platform/usufruct/web/static/verify.js";

// Hundreds of files are checked against one chain that stands still: each question is asked once.
const answers = new Map(), ask = globalThis.fetch;
globalThis.fetch = async (url, request) => {
  const key = `${url} ${request.body}`;
  if (!answers.has(key)) answers.set(key, await (await ask(url, request)).text());
  return new Response(answers.get(key));
};

for await (const line of createInterface({ input: process.stdin })) {
  const { file, options } = JSON.parse(line);
  let result;
  try {
    result = await verify(file, options);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    result = { ok: false, refused: error.message, links: [] };
  }
  console.log(JSON.stringify(result, (_, value) => (typeof value === "bigint" ? String(value) : value)));
}
