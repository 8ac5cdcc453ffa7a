// Prints, as JSON, the members of every interface of the declarations: name -> member -> names of the members of its type.
const ts = require("typescript");

const file = process.argv[2];
const program = ts.createProgram([file], { strict: true, lib: ["lib.es2023.d.ts", "lib.dom.d.ts"], types: [] });
const checker = program.getTypeChecker();
const source = program.getSourceFile(file);
const out = {};
ts.forEachChild(source, (node) => {
  if (!ts.isInterfaceDeclaration(node)) return;
  const members = {};
  for (const member of checker.getTypeAtLocation(node).getProperties()) {
    const type = checker.getTypeOfSymbol(member);
    const inner = type.getSymbol()?.declarations?.some((one) => one.getSourceFile() === source) && type.getCallSignatures().length === 0
      ? type.getProperties().map((one) => one.name).sort() : [];
    members[member.name] = inner;
  }
  out[node.name.text] = members;
});
console.log(JSON.stringify(out));
