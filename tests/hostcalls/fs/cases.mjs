// What node:fs does, as cases that run in node and in a worker: each gets fs and a directory of its own, in which
// hello.txt holds "hello\n", sub/deep.txt "deep", and link leads to hello.txt. What it returns or throws is compared.

import { promisify } from "node:util";

const text = (value) => JSON.parse(JSON.stringify(value ?? null));
const type = (info) => [info.isFile(), info.isDirectory(), info.isSymbolicLink()];
const callback = (call) => new Promise((resolve) => call((...args) => resolve(text(args.map((arg) => (arg instanceof Error ? [arg.code, arg.syscall] : arg))))));

export const cases = {
  "read text": (fs, d) => fs.readFileSync(`${d}/hello.txt`, "utf8"),
  "read with options": (fs, d) => fs.readFileSync(`${d}/hello.txt`, { encoding: "utf-8", flag: "r" }),
  "read a buffer": (fs, d) => { const b = fs.readFileSync(`${d}/hello.txt`); return [Buffer.isBuffer(b), b.toString("hex")]; },
  "read base64": (fs, d) => fs.readFileSync(`${d}/hello.txt`, "base64"),
  "read latin1": (fs, d) => { fs.writeFileSync(`${d}/b`, new Uint8Array([0xe9, 0, 0xff])); return fs.readFileSync(`${d}/b`, "latin1"); },
  "read broken utf8": (fs, d) => { fs.writeFileSync(`${d}/b`, new Uint8Array([0x61, 0xff, 0xe2, 0x82, 0x62])); return fs.readFileSync(`${d}/b`, "utf8"); },
  "read keeps the mark": (fs, d) => { fs.writeFileSync(`${d}/b`, "\ufeffx"); return fs.readFileSync(`${d}/b`, "utf8").length; },
  "read through a link": (fs, d) => fs.readFileSync(`${d}/link`, "utf8"),
  "read nothing": (fs, d) => { fs.writeFileSync(`${d}/e`, ""); return [fs.readFileSync(`${d}/e`, "utf8"), fs.readFileSync(`${d}/e`).length]; },
  "read missing": (fs, d) => fs.readFileSync(`${d}/none`),
  "read a directory": (fs, d) => fs.readFileSync(`${d}/sub`, "utf8"),
  "read beneath a file": (fs, d) => fs.readFileSync(`${d}/hello.txt/x`),
  "read nul": (fs, d) => fs.readFileSync(`${d}/a\0b`),
  "read a number of a path": (fs) => fs.readFileSync({}),
  "read by url": (fs, d) => fs.readFileSync(new URL(`file://${d}/hello.txt`), "utf8"),
  "read with a wrong encoding": (fs, d) => fs.readFileSync(`${d}/hello.txt`, "utf9"),
  "read an empty path": (fs) => fs.readFileSync(""),
  "read large": (fs, d) => {
    const big = "0123456789abcdef".repeat(330000);
    fs.writeFileSync(`${d}/big`, big);
    const back = fs.readFileSync(`${d}/big`, "utf8");
    return [back.length, back === big, fs.statSync(`${d}/big`).size];
  },
  "write and read unicode": (fs, d) => { fs.writeFileSync(`${d}/u`, "é😀\u0000\n"); return [fs.readFileSync(`${d}/u`, "utf8"), fs.statSync(`${d}/u`).size]; },
  "write a lone surrogate": (fs, d) => { fs.writeFileSync(`${d}/u`, "a\ud800b"); return fs.readFileSync(`${d}/u`, "hex"); },
  "write gives nothing": (fs, d) => fs.writeFileSync(`${d}/n`, "x") === undefined,
  "write truncates": (fs, d) => { fs.writeFileSync(`${d}/hello.txt`, "x"); return fs.readFileSync(`${d}/hello.txt`, "utf8"); },
  "write through a link": (fs, d) => { fs.writeFileSync(`${d}/link`, "x"); return [fs.readFileSync(`${d}/hello.txt`, "utf8"), type(fs.lstatSync(`${d}/link`))]; },
  "write through a link to nothing": (fs, d) => { fs.symlinkSync(`${d}/later`, `${d}/dangling`); fs.writeFileSync(`${d}/dangling`, "x"); return fs.readFileSync(`${d}/later`, "utf8"); },
  "write exclusively": (fs, d) => { fs.writeFileSync(`${d}/x`, "1", { flag: "wx" }); return fs.readFileSync(`${d}/x`, "utf8"); },
  "write exclusively what is there": (fs, d) => fs.writeFileSync(`${d}/hello.txt`, "x", { flag: "wx" }),
  "write exclusively a link": (fs, d) => fs.writeFileSync(`${d}/link`, "x", { flag: "wx" }),
  "write appending": (fs, d) => { fs.writeFileSync(`${d}/hello.txt`, "x", { flag: "a" }); return fs.readFileSync(`${d}/hello.txt`, "utf8"); },
  "write over": (fs, d) => { fs.writeFileSync(`${d}/hello.txt`, "J", { flag: "r+" }); return fs.readFileSync(`${d}/hello.txt`, "utf8"); },
  "write over what is not there": (fs, d) => fs.writeFileSync(`${d}/none`, "J", { flag: "r+" }),
  "write a mode": (fs, d) => { fs.writeFileSync(`${d}/m`, "", { mode: 0o600 }); return fs.statSync(`${d}/m`).mode; },
  "write into a directory": (fs, d) => fs.writeFileSync(`${d}/sub`, "x"),
  "write beneath nothing": (fs, d) => fs.writeFileSync(`${d}/none/x`, "x"),
  "write an object": (fs, d) => fs.writeFileSync(`${d}/x`, { a: 1 }),
  "write bytes": (fs, d) => { fs.writeFileSync(`${d}/b`, Buffer.from([1, 2, 3])); return [...fs.readFileSync(`${d}/b`)]; },
  "write hex": (fs, d) => { fs.writeFileSync(`${d}/b`, "0aff", "hex"); return [...fs.readFileSync(`${d}/b`)]; },
  "append": (fs, d) => { fs.appendFileSync(`${d}/a`, "1"); fs.appendFileSync(`${d}/a`, "2"); return fs.readFileSync(`${d}/a`, "utf8"); },
  "exists": (fs, d) => [fs.existsSync(`${d}/hello.txt`), fs.existsSync(`${d}/none`), fs.existsSync(d), fs.existsSync(`${d}/link`), fs.existsSync(undefined), fs.existsSync("")],
  "exists of a dangling link": (fs, d) => { fs.symlinkSync("nowhere", `${d}/dangling`); return fs.existsSync(`${d}/dangling`); },
  "stat": (fs, d) => { const s = fs.statSync(`${d}/hello.txt`); return [s.size, type(s), typeof s.mtimeMs, s.mtime instanceof Date, s.nlink]; },
  "stat a directory": (fs, d) => type(fs.statSync(`${d}/sub`)),
  "stat a link": (fs, d) => type(fs.statSync(`${d}/link`)),
  "stat missing": (fs, d) => fs.statSync(`${d}/none`),
  "stat missing quietly": (fs, d) => fs.statSync(`${d}/none`, { throwIfNoEntry: false }) === undefined,
  "stat with bigint": (fs, d) => { const s = fs.statSync(`${d}/hello.txt`, { bigint: true }); return [typeof s.size, s.size === 6n, typeof s.mtimeNs]; },
  "stat beneath a file": (fs, d) => fs.statSync(`${d}/hello.txt/x`),
  "stat with a slash behind a file": (fs, d) => fs.statSync(`${d}/hello.txt/`),
  "lstat": (fs, d) => [type(fs.lstatSync(`${d}/link`)), type(fs.lstatSync(`${d}/hello.txt`))],
  "lstat missing": (fs, d) => fs.lstatSync(`${d}/none`),
  "readdir": (fs, d) => fs.readdirSync(d).sort(),
  "readdir with types": (fs, d) => fs.readdirSync(d, { withFileTypes: true }).map((e) => [e.name, type(e), typeof e.parentPath]).sort(),
  "readdir recursively": (fs, d) => fs.readdirSync(d, { recursive: true }).sort(),
  "readdir of buffers": (fs, d) => fs.readdirSync(`${d}/sub`, "buffer").map((b) => b.toString()),
  "readdir missing": (fs, d) => fs.readdirSync(`${d}/none`),
  "readdir of a file": (fs, d) => fs.readdirSync(`${d}/hello.txt`),
  "readdir of a strange name": (fs, d) => { fs.writeFileSync(`${d}/sub/a\nb é`, ""); return fs.readdirSync(`${d}/sub`).sort(); },
  "mkdir": (fs, d) => [fs.mkdirSync(`${d}/n`) === undefined, type(fs.statSync(`${d}/n`))],
  "mkdir again": (fs, d) => fs.mkdirSync(`${d}/sub`),
  "mkdir beneath nothing": (fs, d) => fs.mkdirSync(`${d}/none/x`),
  "mkdir recursively": (fs, d) => [fs.mkdirSync(`${d}/a/b/c`, { recursive: true }).replace(d, ""), type(fs.statSync(`${d}/a/b/c`))],
  "mkdir recursively again": (fs, d) => fs.mkdirSync(`${d}/sub`, { recursive: true }) === undefined,
  "mkdir recursively over a file": (fs, d) => fs.mkdirSync(`${d}/hello.txt`, { recursive: true }),
  "mkdir recursively beneath a file": (fs, d) => fs.mkdirSync(`${d}/hello.txt/a`, { recursive: true }),
  "mkdir with a mode": (fs, d) => { fs.mkdirSync(`${d}/m`, 0o700); return fs.statSync(`${d}/m`).mode; },
  "unlink": (fs, d) => { fs.unlinkSync(`${d}/hello.txt`); return fs.existsSync(`${d}/hello.txt`); },
  "unlink a link": (fs, d) => { fs.unlinkSync(`${d}/link`); return [fs.existsSync(`${d}/link`), fs.existsSync(`${d}/hello.txt`)]; },
  "unlink missing": (fs, d) => fs.unlinkSync(`${d}/none`),
  "unlink a directory": (fs, d) => fs.unlinkSync(`${d}/sub`),
  "rmdir": (fs, d) => { fs.mkdirSync(`${d}/n`); fs.rmdirSync(`${d}/n`); return fs.existsSync(`${d}/n`); },
  "rmdir full": (fs, d) => fs.rmdirSync(`${d}/sub`),
  "rmdir missing": (fs, d) => fs.rmdirSync(`${d}/none`),
  "rmdir of a file": (fs, d) => fs.rmdirSync(`${d}/hello.txt`),
  "rm": (fs, d) => { fs.rmSync(`${d}/hello.txt`); return fs.existsSync(`${d}/hello.txt`); },
  "rm missing": (fs, d) => fs.rmSync(`${d}/none`),
  "rm missing with force": (fs, d) => fs.rmSync(`${d}/none`, { force: true }) === undefined,
  "rm a directory": (fs, d) => { try { fs.rmSync(`${d}/sub`); } catch (error) { return error.code; } },
  "rm recursively": (fs, d) => { fs.rmSync(`${d}/sub`, { recursive: true }); return fs.existsSync(`${d}/sub`); },
  "rm follows no link": (fs, d) => { fs.mkdirSync(`${d}/t`); fs.symlinkSync(`${d}/sub`, `${d}/t/l`); fs.rmSync(`${d}/t`, { recursive: true, force: true }); return fs.existsSync(`${d}/sub/deep.txt`); },
  "rename": (fs, d) => { fs.renameSync(`${d}/hello.txt`, `${d}/new`); return [fs.readFileSync(`${d}/new`, "utf8"), fs.existsSync(`${d}/hello.txt`)]; },
  "rename over": (fs, d) => { fs.writeFileSync(`${d}/a`, "a"); fs.renameSync(`${d}/a`, `${d}/hello.txt`); return fs.readFileSync(`${d}/hello.txt`, "utf8"); },
  "rename a directory": (fs, d) => { fs.renameSync(`${d}/sub`, `${d}/other`); return fs.readdirSync(`${d}/other`); },
  "rename missing": (fs, d) => fs.renameSync(`${d}/none`, `${d}/x`),
  "rename a file over a directory": (fs, d) => fs.renameSync(`${d}/hello.txt`, `${d}/sub`),
  "copy": (fs, d) => { fs.copyFileSync(`${d}/hello.txt`, `${d}/c`); return fs.readFileSync(`${d}/c`, "utf8"); },
  "copy exclusively": (fs, d) => { fs.writeFileSync(`${d}/c`, ""); fs.copyFileSync(`${d}/hello.txt`, `${d}/c`, fs.constants.COPYFILE_EXCL); },
  "copy missing": (fs, d) => fs.copyFileSync(`${d}/none`, `${d}/c`),
  "cp": (fs, d) => { fs.cpSync(`${d}/sub`, `${d}/c`, { recursive: true }); return [fs.readFileSync(`${d}/c/deep.txt`, "utf8"), fs.readdirSync(`${d}/c`)]; },
  "realpath": (fs, d) => fs.realpathSync(`${d}/sub/../link`).replace(d, ""),
  "realpath missing": (fs, d) => { try { fs.realpathSync(`${d}/none`); } catch (error) { return error.code; } },
  "readlink": (fs, d) => fs.readlinkSync(`${d}/link`),
  "readlink of a file": (fs, d) => fs.readlinkSync(`${d}/hello.txt`),
  "symlink there": (fs, d) => fs.symlinkSync("x", `${d}/hello.txt`),
  "access": (fs, d) => [fs.accessSync(`${d}/hello.txt`) === undefined, fs.accessSync(`${d}/hello.txt`, fs.constants.R_OK | fs.constants.W_OK) === undefined],
  "access missing": (fs, d) => fs.accessSync(`${d}/none`),
  "access to run": (fs, d) => fs.accessSync(`${d}/hello.txt`, fs.constants.X_OK),
  "chmod": (fs, d) => { fs.chmodSync(`${d}/hello.txt`, 0o640); return fs.statSync(`${d}/hello.txt`).mode; },
  "chmod in octal": (fs, d) => { fs.chmodSync(`${d}/hello.txt`, "755"); return fs.statSync(`${d}/hello.txt`).mode; },
  "utimes": (fs, d) => { fs.utimesSync(`${d}/hello.txt`, 1000, 2000.5); const s = fs.statSync(`${d}/hello.txt`); return [s.atimeMs, s.mtimeMs, s.mtime.toISOString()]; },
  "truncate": (fs, d) => { fs.truncateSync(`${d}/hello.txt`, 2); return fs.readFileSync(`${d}/hello.txt`, "utf8"); },
  "truncate longer": (fs, d) => { fs.truncateSync(`${d}/hello.txt`, 8); return fs.readFileSync(`${d}/hello.txt`, "hex"); },
  "mkdtemp": (fs, d) => { const made = fs.mkdtempSync(`${d}/t-`); return [made.startsWith(`${d}/t-`), made.length - d.length, type(fs.statSync(made)), fs.statSync(made).mode]; },
  "mkdtemp beneath nothing": (fs, d) => fs.mkdtempSync(`${d}/none/t-`),
  "descriptors": (fs, d) => {
    const fd = fs.openSync(`${d}/f`, "w+");
    const wrote = [fs.writeSync(fd, "hello world"), fs.writeSync(fd, Buffer.from("HE"), 0, 2, 0), fs.writeSync(fd, "!", null)];
    const buffer = Buffer.alloc(5);
    const got = [fs.readSync(fd, buffer, 0, 5, 6), buffer.toString(), fs.readSync(fd, buffer, 0, 5, 100)];
    const size = fs.fstatSync(fd).size;
    fs.fsyncSync(fd);
    fs.ftruncateSync(fd, 4);
    fs.closeSync(fd);
    return [wrote, got, size, fs.readFileSync(`${d}/f`, "utf8")];
  },
  "descriptors read on": (fs, d) => {
    const fd = fs.openSync(`${d}/hello.txt`);
    const buffer = Buffer.alloc(4);
    const got = [fs.readSync(fd, buffer), buffer.toString(), fs.readSync(fd, buffer, 0, 4, null), buffer.toString("utf8", 0, 2), fs.readSync(fd, buffer)];
    fs.closeSync(fd);
    return got;
  },
  "descriptors append": (fs, d) => { const fd = fs.openSync(`${d}/hello.txt`, "a"); fs.writeSync(fd, "1"); fs.writeSync(fd, "2"); fs.closeSync(fd); return fs.readFileSync(`${d}/hello.txt`, "utf8"); },
  "descriptors are read whole": (fs, d) => { const fd = fs.openSync(`${d}/hello.txt`, "r"); const all = fs.readFileSync(fd, "utf8"); fs.closeSync(fd); return all; },
  "descriptors that are closed": (fs, d) => { const fd = fs.openSync(`${d}/hello.txt`); fs.closeSync(fd); fs.readSync(fd, Buffer.alloc(1)); },
  "descriptors for reading are not written": (fs, d) => { const fd = fs.openSync(`${d}/hello.txt`); try { fs.writeSync(fd, "x"); } finally { fs.closeSync(fd); } },
  "open missing": (fs, d) => fs.openSync(`${d}/none`),
  "open exclusively": (fs, d) => fs.openSync(`${d}/hello.txt`, "wx"),
  "open with nonsense": (fs, d) => fs.openSync(`${d}/hello.txt`, "q"),
  "open with bits": (fs, d) => { const { O_CREAT, O_EXCL, O_WRONLY } = fs.constants; const fd = fs.openSync(`${d}/bits`, O_CREAT | O_EXCL | O_WRONLY, 0o600); fs.closeSync(fd); return fs.statSync(`${d}/bits`).mode; },
  "opendir": async (fs, d) => { const names = []; for await (const entry of fs.opendirSync(`${d}/sub`)) names.push(entry.name); return names; },
  "long names": (fs, d) => fs.writeFileSync(`${d}/${"n".repeat(256)}`, ""),
  "names in two forms": (fs, d) => { fs.writeFileSync(`${d}/e\u0301`, "2"); fs.writeFileSync(`${d}/\u00e9`, "1"); return [fs.readFileSync(`${d}/e\u0301`, "utf8"), fs.readFileSync(`${d}/\u00e9`, "utf8")]; },
  "dots": (fs, d) => fs.readFileSync(`${d}/./sub/../hello.txt`, "utf8"),
  "callback reads": (fs, d) => callback((done) => fs.readFile(`${d}/hello.txt`, "utf8", done)),
  "callback fails": (fs, d) => callback((done) => fs.readFile(`${d}/none`, done)),
  "callback writes": (fs, d) => callback((done) => fs.writeFile(`${d}/w`, "x", done)),
  "callback lists": (fs, d) => callback((done) => fs.readdir(`${d}/sub`, done)),
  "callback exists": (fs, d) => callback((done) => fs.exists(`${d}/sub`, done)),
  "callback is needed": (fs, d) => fs.readFile(`${d}/hello.txt`),
  "callback checks at once": (fs) => fs.readFile(1.5, () => {}),
  "promises read": (fs, d) => fs.promises.readFile(`${d}/hello.txt`, "utf8"),
  "promises fail": (fs, d) => fs.promises.readFile(`${d}/none`, "utf8"),
  "promises write": async (fs, d) => [await fs.promises.writeFile(`${d}/w`, "x") === undefined, await fs.promises.readFile(`${d}/w`, "utf8")],
  "promises mkdir and rm": async (fs, d) => { await fs.promises.mkdir(`${d}/p/q`, { recursive: true }); await fs.promises.rm(`${d}/p`, { recursive: true }); return fs.existsSync(`${d}/p`); },
  "promises access": (fs, d) => fs.promises.access(`${d}/none`),
  "promises stat": async (fs, d) => (await fs.promises.stat(`${d}/hello.txt`)).size,
  "promises readdir": async (fs, d) => (await fs.promises.readdir(d, { withFileTypes: true })).filter((e) => e.isDirectory()).map((e) => e.name),
  "promises mkdtemp": async (fs, d) => (await fs.promises.mkdtemp(`${d}/x`)).length - d.length,
  "promises rename and unlink": async (fs, d) => { await fs.promises.rename(`${d}/hello.txt`, `${d}/r`); await fs.promises.unlink(`${d}/r`); return fs.existsSync(`${d}/r`); },
  "promises append and copy": async (fs, d) => { await fs.promises.appendFile(`${d}/hello.txt`, "x"); await fs.promises.copyFile(`${d}/hello.txt`, `${d}/c`); return fs.readFileSync(`${d}/c`, "utf8"); },
  "promises realpath and lstat": async (fs, d) => [(await fs.promises.realpath(`${d}/link`)).replace(d, ""), type(await fs.promises.lstat(`${d}/link`))],
  "promises open": async (fs, d) => {
    const handle = await fs.promises.open(`${d}/h`, "w+");
    const { bytesWritten } = await handle.write("abc");
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(2), 0, 2, 1);
    const { size } = await handle.stat();
    await handle.truncate(1);
    await handle.close();
    return [bytesWritten, bytesRead, buffer.toString(), size, fs.readFileSync(`${d}/h`, "utf8")];
  },
  "streams read": async (fs, d) => { let found = ""; for await (const piece of fs.createReadStream(`${d}/hello.txt`, { encoding: "utf8", highWaterMark: 2 })) found += `${piece}|`; return found; },
  "streams read a part": async (fs, d) => { const parts = []; for await (const piece of fs.createReadStream(`${d}/hello.txt`, { start: 1, end: 3 })) parts.push(piece); return Buffer.concat(parts).toString(); },
  "streams fail": (fs, d) => new Promise((resolve) => fs.createReadStream(`${d}/none`).on("error", (error) => resolve([error.code, error.syscall]))),
  "streams tell what happens": (fs, d) => new Promise((resolve) => {
    const seen = [];
    const stream = fs.createReadStream(`${d}/hello.txt`);
    for (const name of ["open", "ready", "end", "close"]) stream.on(name, () => { seen.push(name); if (name === "close") resolve([seen, stream.bytesRead]); });
    stream.resume();
  }),
  "streams write": (fs, d) => new Promise((resolve, reject) => {
    const out = fs.createWriteStream(`${d}/out`);
    out.on("error", reject).on("close", () => resolve([fs.readFileSync(`${d}/out`, "utf8"), out.bytesWritten]));
    out.write("a");
    out.write(Buffer.from("b"));
    out.end("é");
  }),
  "streams append": (fs, d) => new Promise((resolve, reject) => {
    fs.createWriteStream(`${d}/hello.txt`, { flags: "a" }).on("error", reject).on("finish", () => resolve(fs.readFileSync(`${d}/hello.txt`, "utf8"))).end("x");
  }),
  "streams pipe": (fs, d) => new Promise((resolve, reject) => {
    fs.createReadStream(`${d}/hello.txt`).pipe(fs.createWriteStream(`${d}/piped`)).on("error", reject).on("finish", () => resolve(fs.readFileSync(`${d}/piped`, "utf8")));
  }),
  "callback rename": (fs, d) => callback((done) => fs.rename(`${d}/hello.txt`, `${d}/x`, done)),
  "callback mkdir and stat": async (fs, d) => [await callback((done) => fs.mkdir(`${d}/a/b`, { recursive: true }, (error, made) => done(error, made.replace(d, "")))), (await callback((done) => fs.stat(`${d}/a`, done))).length],
  "callback open, write, read, close": async (fs, d) => {
    const fd = await new Promise((resolve) => fs.open(`${d}/f`, "w+", (_, opened) => resolve(opened)));
    const wrote = await callback((done) => fs.write(fd, "hello", done));
    const got = await callback((done) => fs.read(fd, Buffer.alloc(3), 0, 3, 1, (error, count, buffer) => done(error, count, buffer.toString())));
    return [wrote, got, await callback((done) => fs.close(fd, done))];
  },
  "callback copy, append, unlink": async (fs, d) => [
    await callback((done) => fs.copyFile(`${d}/hello.txt`, `${d}/c`, done)),
    await callback((done) => fs.appendFile(`${d}/c`, "x", done)),
    await callback((done) => fs.readFile(`${d}/c`, { encoding: "utf8" }, done)),
    await callback((done) => fs.unlink(`${d}/c`, done)),
    await callback((done) => fs.unlink(`${d}/c`, done)),
  ],
  "promises of a handle": async (fs, d) => {
    const handle = await fs.promises.open(`${d}/hello.txt`, "r+");
    await handle.writeFile("J");
    await handle.appendFile("!");
    await handle.sync();
    await handle.close();
    return fs.readFileSync(`${d}/hello.txt`, "utf8");
  },
  "promises of a handle read whole": async (fs, d) => { const handle = await fs.promises.open(`${d}/hello.txt`); try { return await handle.readFile("utf8"); } finally { await handle.close(); } },
  "promises symlink, readlink, chmod, truncate, utimes": async (fs, d) => {
    await fs.promises.symlink("hello.txt", `${d}/s`);
    await fs.promises.chmod(`${d}/s`, 0o600);
    await fs.promises.truncate(`${d}/s`, 1);
    await fs.promises.utimes(`${d}/s`, 1, 2);
    const info = await fs.promises.stat(`${d}/s`);
    return [await fs.promises.readlink(`${d}/s`), info.mode, info.size, info.mtimeMs];
  },
  "promises cp": async (fs, d) => { await fs.promises.cp(`${d}/sub`, `${d}/n/m`, { recursive: true }); return fs.readdirSync(`${d}/n/m`); },
  "names of the module": (fs) => ["readFileSync", "existsSync", "promises", "constants", "Stats", "createReadStream"].map((name) => typeof fs[name]),
  "constants": (fs) => [fs.constants.O_CREAT, fs.constants.S_IFMT, fs.constants.R_OK, fs.constants.COPYFILE_EXCL],
  "promisified": async (fs, d) => {
    const fd = fs.openSync(`${d}/hello.txt`);
    const { bytesRead, buffer } = await promisify(fs.read)(fd, Buffer.alloc(2), 0, 2, 0);
    fs.closeSync(fd);
    return [await promisify(fs.exists)(`${d}/none`), await promisify(fs.readFile)(`${d}/hello.txt`, "utf8"), bytesRead, buffer.toString()];
  },
  "promises opendir": async (fs, d) => { const names = []; for await (const entry of await fs.promises.opendir(`${d}/sub`)) names.push(entry.name); return names; },
};

/** Run case *name* in *d*: {value} or {error}, with the directory taken out of it. */
export async function perform(fs, name, d) {
  const clean = (value) => JSON.parse(JSON.stringify(value ?? null).replaceAll(d, "$DIR"));
  try {
    return { value: clean(await cases[name](fs, d)) };
  } catch (error) {
    const { code, syscall, path, dest, errno, message } = error;
    return { error: clean({ code, syscall, path, dest, errno, message, name: error.name }) };
  }
}
