// The Lambda runtime for Node functions: speaks the Runtime API, calls async and callback handlers, CommonJS and ESM.
// Started by the embedded cloud; its contract is that of AWS's own runtime interface client.
import http from "node:http";
import fs from "node:fs";
import path from "node:path";
import util from "node:util";
import { pathToFileURL } from "node:url";

const api = process.env.AWS_LAMBDA_RUNTIME_API;
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const separator = api.lastIndexOf(":");
const host = api.slice(0, separator);
const port = Number(api.slice(separator + 1));
let currentRequest = "";

for (const level of ["debug", "info", "log", "warn", "error", "trace"]) {
  console[level] = (...values) => {
    const text = util.format(...values).replace(/\n/g, "\r");
    const label = level === "log" ? "INFO" : level.toUpperCase();
    fs.writeSync(1, `${new Date().toISOString()}\t${currentRequest}\t${label}\t${text}\n`);
  };
}

function call(method, target, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    const request = http.request({ host, port, agent, method, path: `/2018-06-01/runtime/${target}`, headers }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(parts).toString("utf8") }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

class RuntimeFault extends Error {
  constructor(type, message) {
    super(message);
    this.name = type;
  }
}

function describe(error) {
  if (error instanceof Error) {
    return { errorType: error.name || "Error", errorMessage: error.message, trace: (error.stack || "").split("\n") };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

async function loadHandler() {
  const root = process.env.LAMBDA_TASK_ROOT;
  const whole = process.env._HANDLER;
  const base = path.basename(whole);
  const dot = base.indexOf(".");
  if (dot < 1) throw new RuntimeFault("Runtime.MalformedHandlerName", "Bad handler");
  const name = base.slice(0, dot);
  const members = base.slice(dot + 1).split(".");
  const stem = path.resolve(root, path.dirname(whole), name);
  const file = [stem, `${stem}.js`, `${stem}.mjs`, `${stem}.cjs`].find((one) => fs.existsSync(one) && fs.statSync(one).isFile());
  if (!file) throw new RuntimeFault("Runtime.ImportModuleError", `Error: Cannot find module '${name}'`);
  let module;
  try {
    module = await import(pathToFileURL(file).href);
  } catch (error) {
    if (error && (error.code === "MODULE_NOT_FOUND" || error.code === "ERR_MODULE_NOT_FOUND")) {
      const hint = String(error.message).includes("@aws-sdk/")
        ? " (the AWS SDK is part of AWS's Node runtime but not of this machine: bundle @aws-sdk with the function to run it in the embedded cloud)"
        : "";
      throw new RuntimeFault("Runtime.ImportModuleError", `Error: ${error.message}${hint}`);
    }
    if (error instanceof SyntaxError) throw new RuntimeFault("Runtime.UserCodeSyntaxError", `SyntaxError: ${error.message}`);
    throw error;
  }
  const find = (from) => members.reduce((value, member) => (value == null ? value : value[member]), from);
  const handler = find(module) ?? find(module.default);
  if (typeof handler !== "function") {
    throw new RuntimeFault("Runtime.HandlerNotFound", `${whole} is undefined or not exported`);
  }
  return handler;
}

function contextFor(headers, settle) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const clientContext = headers["lambda-runtime-client-context"];
  return {
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: clientContext ? JSON.parse(clientContext) : undefined,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    succeed: (value) => settle(null, value),
    fail: (error) => settle(error ?? "handled"),
    done: (error, value) => settle(error, value),
  };
}

function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    const settle = (error, value) => (error == null ? resolve(value) : reject(error));
    const result = handler(event, contextFor(headers, settle), settle);
    if (result && typeof result.then === "function") result.then(resolve, reject);
    else if (handler.length < 3) resolve(result);
  });
}

function complain(fault) {
  console.error(`Invoke Error \t${JSON.stringify({ ...fault, stack: fault.trace })}`);
}

let handler;
try {
  handler = await loadHandler();
} catch (error) {
  const fault = describe(error);
  fs.writeSync(1, `${new Date().toISOString()}\tundefined\tERROR\tUncaught Exception \t${JSON.stringify(fault)}\n`);
  await call("POST", "init/error", JSON.stringify(fault));
  process.exit(1);
}
for (const signal of ["unhandledRejection", "uncaughtException"]) {
  process.on(signal, async (error) => {
    const fault = describe(error);
    if (signal === "unhandledRejection") fault.errorType = "Runtime.UnhandledPromiseRejection";
    complain(fault);
    if (currentRequest) await call("POST", `invocation/${currentRequest}/error`, JSON.stringify(fault)).catch(() => {});
    process.exit(1);
  });
}
for (;;) {
  const next = await call("GET", "invocation/next");
  currentRequest = next.headers["lambda-runtime-aws-request-id"];
  process.env._X_AMZN_TRACE_ID = next.headers["lambda-runtime-trace-id"] || "";
  try {
    const value = await run(handler, JSON.parse(next.body), next.headers);
    await call("POST", `invocation/${currentRequest}/response`, JSON.stringify(value === undefined ? null : value));
  } catch (error) {
    const fault = describe(error);
    complain(fault);
    await call("POST", `invocation/${currentRequest}/error`, JSON.stringify(fault));
  }
  currentRequest = "";
}
