// What node:fs has and plugins have not, said when it is used.

const { makeError } = internals;

const WHY = {
  watch: "files are not watched for plugins yet; look again with stat",
  watchFile: "files are not watched for plugins yet; look again with stat",
  link: "hard links are never made for plugins: one name could be a way around the rules for the other",
  chown: "the owner of a file is never changed for plugins",
};

function never(name) {
  return () => {
    throw makeError("E_NEVER", `node:fs: ${name} is not available to plugins: ${WHY[name]}`);
  };
}

module.exports = { never };
