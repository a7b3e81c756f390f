// A client with node's `ws` package: requests in, answers out, one JSON a line.
//
//   npm install ws
//   echo '{"type": "execute", "code": "print(1 + 2)"}' | node client_ws.js ws://127.0.0.1:8899

const readline = require("node:readline");
const WebSocket = require("ws");

const server = new WebSocket(process.argv[2] ?? "ws://127.0.0.1:8899");

async function* requests() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line.trim()) yield line;
  }
}

// Resolves with the answer; output and progress come before it and are printed, too.
function answer() {
  return new Promise((resolve) => {
    server.on("message", function receive(data) {
      console.log(data.toString());
      if ("success" in JSON.parse(data)) {
        server.off("message", receive);
        resolve();
      }
    });
  });
}

server.on("open", async () => {
  for await (const request of requests()) {
    const answered = answer();
    server.send(request);
    await answered;
  }
  server.close();
});

server.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
