/**
 * Serves a stand-in over the engine's own gRPC protocol (proto/pulumi/provider.proto). `@pulumi/pulumi/provider`
 * is not enough for this: its server answers checkConfig and diffConfig with "unimplemented", drops the arguments of
 * configure, and knows neither previews of create and update, nor detailed diffs, ignored changes or log messages.
 */
import * as grpc from "@grpc/grpc-js";
import * as enginerpc from "@pulumi/pulumi/proto/engine_grpc_pb";
import * as enginepb from "@pulumi/pulumi/proto/engine_pb";
import * as pluginpb from "@pulumi/pulumi/proto/plugin_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import * as statuspb from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { topLevel, type DiffKind } from "./diff";
import {
  InitializationFailed,
  type Answer,
  type CheckRequest,
  type CheckResult,
  type DiffRequest,
  type DiffResult,
  type Engine,
  type Severity,
  type StandIn,
} from "./provider";
import { fromStruct, toStruct } from "./values";

const largestMessage = 400 * 1024 * 1024; // what the engine's own channels allow (rpcutil.GrpcChannelOptions)

/** Starts the server and prints its port, which is how the engine finds it. */
export async function serve(make: (engine: Engine) => StandIn): Promise<void> {
  const address = process.argv.slice(2).find((argument) => /^\S+:\d+$/.test(argument));
  const server = new grpc.Server({ "grpc.max_receive_message_length": largestMessage });
  server.addService(rpc.ResourceProviderService, service(make(engineAt(address))));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  process.stdout.write(`${port}\n`);
}

function service(standIn: StandIn): grpc.UntypedServiceImplementation {
  return {
    getPluginInfo: handler((_: Empty) => new pluginpb.PluginInfo().setVersion(standIn.version)),
    getSchema: handler((_: pb.GetSchemaRequest) => new pb.GetSchemaResponse().setSchema("{}")),
    attach: handler((_: pluginpb.PluginAttach) => new Empty()),
    cancel: handler(async (_: Empty) => {
      await standIn.cancel?.();
      return new Empty();
    }),
    checkConfig: handler(async (request: pb.CheckRequest) => {
      if (!standIn.checkConfig) throw new Unimplemented();
      return checkResponse(await standIn.checkConfig(checkRequest(request)));
    }),
    diffConfig: handler(async (request: pb.DiffRequest) => {
      if (!standIn.diffConfig) throw new Unimplemented();
      return diffResponse(await standIn.diffConfig(diffRequest(request)));
    }),
    configure: handler(async (request: pb.ConfigureRequest) => {
      await standIn.configure?.(fromStruct(request.getArgs()));
      return new pb.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }),
    invoke: handler(async (request: pb.InvokeRequest) => {
      if (!standIn.invoke) throw new Error(`unknown function ${request.getTok()}`);
      const result = await standIn.invoke(request.getTok(), fromStruct(request.getArgs()));
      return new pb.InvokeResponse().setReturn(toStruct(result));
    }),
    check: handler(async (request: pb.CheckRequest) =>
      checkResponse(await standIn.check(checkRequest(request))),
    ),
    diff: handler(async (request: pb.DiffRequest) => diffResponse(await standIn.diff(diffRequest(request)))),
    create: handler(async (request: pb.CreateRequest) => {
      const result = await standIn.create({
        ...refOf(request),
        properties: fromStruct(request.getProperties()),
        preview: request.getPreview(),
        timeout: request.getTimeout(),
      });
      return new pb.CreateResponse().setId(result.id).setProperties(toStruct(result.properties));
    }),
    read: handler(async (request: pb.ReadRequest) => {
      const stored = {
        id: request.getId(),
        properties: fromStruct(request.getProperties()),
        inputs: fromStruct(request.getInputs()),
      };
      const result = standIn.read ? await standIn.read({ ...refOf(request), ...stored }) : stored;
      return new pb.ReadResponse()
        .setId(result.id)
        .setProperties(toStruct(result.properties))
        .setInputs(toStruct(result.inputs));
    }),
    update: handler(async (request: pb.UpdateRequest) => {
      const properties = await standIn.update({
        ...diffRequest(request),
        preview: request.getPreview(),
        timeout: request.getTimeout(),
      });
      return new pb.UpdateResponse().setProperties(toStruct(properties));
    }),
    delete: handler(async (request: pb.DeleteRequest) => {
      await standIn.delete({
        ...refOf(request),
        id: request.getId(),
        properties: fromStruct(request.getProperties()),
        oldInputs: fromStruct(request.getOldInputs()),
        timeout: request.getTimeout(),
      });
      return new Empty();
    }),
  };
}

interface Referring {
  getUrn(): string;
}

function refOf(request: Referring): { urn: string; type: string; name: string } {
  const urn = request.getUrn();
  const [, , qualifiedType = "", ...name] = urn.split("::");
  return { urn, type: qualifiedType.split("$").pop() ?? "", name: name.join("::") };
}

function checkRequest(request: pb.CheckRequest): CheckRequest {
  return { ...refOf(request), olds: fromStruct(request.getOlds()), news: fromStruct(request.getNews()) };
}

function checkResponse(result: CheckResult): pb.CheckResponse {
  const failures = (result.failures ?? []).map(({ property, reason }) =>
    new pb.CheckFailure().setProperty(property).setReason(reason),
  );
  return new pb.CheckResponse().setInputs(toStruct(result.inputs)).setFailuresList(failures);
}

function diffRequest(request: pb.DiffRequest | pb.UpdateRequest): DiffRequest {
  return {
    ...refOf(request),
    id: request.getId(),
    olds: fromStruct(request.getOlds()),
    oldInputs: fromStruct(request.getOldInputs()),
    news: fromStruct(request.getNews()),
    ignoreChanges: request.getIgnorechangesList(),
  };
}

const kinds: Record<DiffKind, pb.PropertyDiff.Kind> = {
  add: pb.PropertyDiff.Kind.ADD,
  delete: pb.PropertyDiff.Kind.DELETE,
  update: pb.PropertyDiff.Kind.UPDATE,
  "add-replace": pb.PropertyDiff.Kind.ADD_REPLACE,
  "delete-replace": pb.PropertyDiff.Kind.DELETE_REPLACE,
  "update-replace": pb.PropertyDiff.Kind.UPDATE_REPLACE,
};

function diffResponse(result: DiffResult): pb.DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = pb.DiffResponse.DiffChanges;
  const paths = Object.keys(result.detailed);
  const response = new pb.DiffResponse()
    .setChanges((result.changes ?? paths.length > 0) ? DIFF_SOME : DIFF_NONE)
    .setHasdetaileddiff(!result.namesOnly)
    .setDeletebeforereplace(result.deleteBeforeReplace ?? false)
    .setDiffsList([...new Set(paths.map(topLevel))])
    .setReplacesList([
      ...new Set(paths.filter((path) => result.detailed[path].endsWith("-replace")).map(topLevel)),
    ]);
  if (result.namesOnly) return response;
  for (const path of paths) {
    response
      .getDetaileddiffMap()
      .set(
        path,
        new pb.PropertyDiff().setKind(kinds[result.detailed[path]]).setInputdiff(result.inputDiff ?? true),
      );
  }
  return response;
}

class Unimplemented extends Error {}

function handler<Request, Response>(
  answer: (request: Request) => Answer<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const answered = Promise.resolve().then(() => answer(call.request));
    answered.then(
      (response) => callback(null, response),
      (error: unknown) => callback(statusOf(error)),
    );
  };
}

function statusOf(error: unknown): grpc.ServiceError | Partial<grpc.StatusObject> {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Unimplemented) return { code: grpc.status.UNIMPLEMENTED, details: "unimplemented" };
  if (!(error instanceof InitializationFailed)) return { code: grpc.status.UNKNOWN, details: message };
  const detail = new pb.ErrorResourceInitFailed()
    .setId(error.id)
    .setProperties(toStruct(error.properties))
    .setInputs(toStruct(error.inputs))
    .setReasonsList([...error.reasons]);
  const any = new Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new statuspb.Status().setCode(grpc.status.UNKNOWN).setMessage(message).setDetailsList([any]); // addDetails would return the detail, not the status
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}

const severities: Record<Severity, enginepb.LogSeverity> = {
  debug: enginepb.LogSeverity.DEBUG,
  info: enginepb.LogSeverity.INFO,
  warning: enginepb.LogSeverity.WARNING,
  error: enginepb.LogSeverity.ERROR,
};

function engineAt(address: string | undefined): Engine {
  const client = address ? new enginerpc.EngineClient(address, grpc.credentials.createInsecure()) : undefined;
  return {
    log: (severity, message, options = {}) =>
      new Promise((resolve) => {
        if (!client) return resolve();
        const request = new enginepb.LogRequest()
          .setSeverity(severities[severity])
          .setMessage(message)
          .setUrn(options.urn ?? "")
          .setEphemeral(options.ephemeral ?? false);
        // A message that cannot be delivered must not fail the work it tells about.
        client.log(request, () => resolve());
      }),
  };
}
