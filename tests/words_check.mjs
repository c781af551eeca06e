// The wording rules: phrases that comments, documents, messages and test names must not use, with a plain one for each.
// `node tests/words_check.mjs` prints each as file:line. To forbid a phrase, add a row to AVOID.

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

// [a pattern without regard to case, the plain words]. A space stands for any white space.
const AVOID = [
  // Archaic idioms.
  ["(has|have|had|knows?) (\\w+ )?no more", "no longer has"],
  ["(is|are|was|were) no more(?! than)|(?<=(is|are|was|were) )there no more", "no longer exists"],
  ["befalls?|befell|befallen|befalling", "happens to"],
  ["(nobody|no one) (ever |has )?(hears?|heard|knows)|not heard of|hears? nothing of", "its end was never recorded; unknown"],
  ["(puts?|putting) off", "delay"],
  ["(comes?|came|coming) out of", "result from"],
  ["(its|their) like", "an equivalent"],
  ["look-?alikes?", "simulator"],
  ["of chance", "random"],
  ["nobody's (frame|hurry|business)|nothing from elsewhere", "own origin only; no framing"],
  ["the server failed at this|its log says more", "Internal error. See the server's log."],
  ["(?<=[ ,])becomes one(?= [.,;]|[.,;])", "creates it"],
  // Impersonal passives, and sentences that begin with a question.
  ["(is|are|was|were|be|been|being) looked (for|at|into|after)", "say who looks: the worker scans, reads, checks"],
  ["(is|are|was|were|be|been|being) (told of|spoken of|heard of|gone on with|cared for|seen to)", "say who acts"],
  ["told regularly|what (a|an|the) .{1,60}? (is|are|was|were) told", "reports; the error of"],
  ["how often it is", "interval between"],
  // One word per idea.
  ["(a|an|each|every|this|that|one) rebuilding(?! process)|rebuildings|the rebuilding(?= of)", "rebuild"],
];

const PATTERNS = AVOID.map(([phrase, plain]) => [new RegExp(`\\b(?:${phrase.replaceAll(" ", " +")})\\b`, "gi"), plain]);

const TEXTS = /\.(cpp|hpp|h|ts|mjs|js|lua|sql|md|sh|cmake|txt|yaml|yml|json|html|css|service|conf|env|py|pml)$|\/(dev|run|Dockerfile)$/;
// Migrations are never edited.
const SKIPPED = new Set(["node_modules", "dist", "build", ".git", "migrations", "package-lock.json"]);
// They hold the phrases, to forbid them.
const EXEMPT = new Set(["tests/words_check.mjs", "tests/words_check.test.mjs"]);

function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (SKIPPED.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (TEXTS.test(path)) yield path;
  }
}

// Every character in its place, with a space for line ends, the marks of comments, quotes and underscores: so a phrase is found
// across two lines of a comment, in a split literal, and in the name of a test.
const flattened = (text) =>
  text.replace(/^[ \t]*(\/\/[/!]?<?|\*|#|--)/gm, (marks) => " ".repeat(marks.length)).replace(/[\s"'`_]/g, " ");

/** The phrases to avoid in `text`, as {line, phrase, plain}, in order of their lines. */
export function phrasesIn(text) {
  const found = [];
  const flat = flattened(text);
  for (const [pattern, plain] of PATTERNS) {
    for (const match of flat.matchAll(pattern)) {
      const line = text.slice(0, match.index).split("\n").length;
      found.push({ line, phrase: match[0].replace(/ +/g, " "), plain });
    }
  }
  return found.sort((a, b) => a.line - b.line);
}

/** Every phrase to avoid below `root`, as "file:line: "phrase": write …". */
export function violations(root) {
  const found = [];
  for (const path of filesBelow(root)) {
    const name = relative(root, path);
    if (EXEMPT.has(name)) continue;
    for (const { line, phrase, plain } of phrasesIn(readFileSync(path, "utf8"))) {
      found.push(`${name}:${line}: "${phrase}": write "${plain}"`);
    }
  }
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = violations(fileURLToPath(new URL("..", import.meta.url)));
  for (const line of found) console.log(line);
  process.exitCode = found.length === 0 ? 0 : 1;
}
