import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";

/** Serves the files below a folder over HTTP, and writes one line for each request: status, path. */
function serve(folder: string, host: string, port: number): void {
  const server = http.createServer((request, response) => {
    const wanted = path.normalize(decodeURIComponent((request.url ?? "/").split("?")[0]));
    const file = path.join(folder, wanted);
    const found = file.startsWith(`${folder}/`) && fs.statSync(file, { throwIfNoEntry: false })?.isFile();
    console.log(`${found ? 200 : 404} ${wanted}`);
    if (!found) {
      response.writeHead(404).end("not in this mirror\n");
      return;
    }
    response.writeHead(200, {
      "content-type": "application/octet-stream",
      "content-length": fs.statSync(file).size,
    });
    if (request.method === "HEAD") response.end();
    else fs.createReadStream(file).pipe(response);
  });
  server.listen(port, host);
}

if (require.main === module) {
  const [folder, host, port] = process.argv.slice(2);
  serve(folder, host, Number(port));
}
