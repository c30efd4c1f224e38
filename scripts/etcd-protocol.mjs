// Bundles of etcd's protocol what is spoken here, as code. etcd3 has a loader parse .proto files beside its own source whenever
// it starts, describe all of them to grpc, which asks for none of that, and then generate the code that reads and writes messages.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The calls that can be made from a bundle; another one is refused with a message that names this file. */
const SPOKEN = ['/etcdserverpb.KV/Range', '/etcdserverpb.Watch/Watch', '/etcdserverpb.Auth/Authenticate'];

/** How etcd3 loads its protocol: the text that is replaced, with the options that the code below stands for. */
const LOADING = `(0, proto_loader_1.loadSync)(\`\${__dirname}/../proto/rpc.proto\`, {
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
})`;
const OPTIONS = '{ longs: String, enums: String, defaults: true, oneofs: true }';
const IMPORT = 'const proto_loader_1 = require("@grpc/proto-loader");\n';

/** What the loader does around the code that is generated for a message. */
const RUNTIME = `
const { Reader, Writer, util } = require('protobufjs/minimal');
const options = ${OPTIONS};
const serialize = (type) => (message) => {
  if (Array.isArray(message)) throw new Error('expected a message of ' + type.ctor.name + ', got an array');
  return type.encode(type.fromObject(message)).finish();
};
const deserialize = (type) => (bytes) => type.toObject(type.decode(bytes), options);
const absent = (path) => () => {
  throw new Error(path + ' is not in this bundle: see scripts/etcd-protocol.mjs');
};
`;

/** The messages and enums that a message of `type` can hold, and itself. */
function reachableFrom(type, found = new Set()) {
  if (!type || found.has(type)) return found;
  found.add(type);
  for (const field of type.fieldsArray ?? []) reachableFrom(field.resolve().resolvedType, found);
  return found;
}

/** The code that protobufjs would generate at run time for a message that is `sent` or else received, or what it asks an enum for. */
function codeOf(type, sent, nameOf, protobuf) {
  const name = nameOf(type);
  if (type instanceof protobuf.Enum) {
    const { values, valuesById } = type;
    const own = JSON.stringify(Object.fromEntries(Object.entries(values)));
    return `${name}.values = Object.assign(Object.create(${JSON.stringify(valuesById)}), ${own});`;
  }
  const types = type.fieldsArray.map((field) => (field.resolvedType ? nameOf(field.resolvedType) : 'null'));
  const ctor = protobuf.Type.generateConstructor(type);
  const { fromObject, toObject } = protobuf.converter;
  const parts = sent
    ? { ctor, encode: protobuf.encoder(type), fromObject: fromObject(type) }
    : { ctor, decode: protobuf.decoder(type), toObject: toObject(type) };
  const lines = Object.entries(parts).map(([part, code]) => `  ${name}.${part} = ${code.toString()};`);
  return `{\n  const types = [${types.join(', ')}];\n${lines.join('\n')}\n}`;
}

/** Where the loader stands that `importer`, a module of etcd3, uses, with the copy of protobufjs that it uses in turn. */
export const loaderOf = (importer) => createRequire(importer).resolve('@grpc/proto-loader');

/** CommonJS in place of what etcd3's module `importer` has its loader make of the protocol, for `SPOKEN`; it asks for protobufjs alone. */
export function protocolModule(importer) {
  const proto = join(dirname(importer), '../proto/rpc.proto');
  const requireThere = createRequire(loaderOf(importer));
  const [protobuf, loader] = [requireThere('protobufjs'), requireThere(loaderOf(importer))];
  const root = new protobuf.Root().loadSync(proto, { keepCase: true }).resolveAll();
  const whole = Object.entries(loader.loadSync(proto, { keepCase: true })).filter(([, made]) => !('format' in made));
  const spoken = whole.flatMap(([service, methods]) =>
    Object.keys(methods)
      .filter((name) => SPOKEN.includes(methods[name].path))
      .map((name) => root.lookupService(service).methods[name]),
  );
  if (spoken.length !== SPOKEN.length) throw new Error(`${proto}: not all of ${SPOKEN.join(', ')} are there`);
  const [sent, received] = [new Set(), new Set()];
  for (const { resolvedRequestType, resolvedResponseType } of spoken) {
    reachableFrom(resolvedRequestType, sent);
    reachableFrom(resolvedResponseType, received);
  }
  const types = [...sent, ...received];
  if (new Set(types).size !== types.length) throw new Error(`${proto}: a message is both sent and received`);
  const nameOf = (type) => `type${types.indexOf(type)}`;
  const definitionOf = ([name, { path, requestStream, responseStream, originalName }], service) => {
    const plain = { path, requestStream, responseStream, originalName };
    const method = root.lookupService(service).methods[name];
    const [request, response] = [method.resolvedRequestType, method.resolvedResponseType].map(nameOf);
    const refused = `absent(${JSON.stringify(path)})`;
    const [write, read] = SPOKEN.includes(path)
      ? [`serialize(${request})`, `deserialize(${response})`]
      : [refused, refused];
    const code = `requestSerialize: ${write}, responseDeserialize: ${read}`;
    return `${JSON.stringify(name)}: { ...${JSON.stringify(plain)}, ${code} }`;
  };
  const services = whole.map(
    ([service, methods]) =>
      `${JSON.stringify(service)}: {\n${Object.entries(methods)
        .map((method) => definitionOf(method, service))
        .join(',\n')}\n}`,
  );
  return [
    RUNTIME,
    `const [${types.map(nameOf).join(', ')}] = Array.from({ length: ${types.length} }, () => ({}));`,
    ...types.map((type) => codeOf(type, sent.has(type), nameOf, protobuf)),
    `module.exports = {\n${services.join(',\n')}\n};`,
  ].join('\n');
}

export const etcdProtocol = {
  name: 'etcd-protocol',
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /[\\/]etcd3[\\/]lib[\\/]connection-pool\.js$/, namespace: 'file' }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      for (const text of [LOADING, IMPORT])
        if (source.split(text).length !== 2)
          throw new Error(`${path}: does not load rpc.proto as the build expects it`);
      const contents = source.replace(IMPORT, '').replace(LOADING, () => 'require("etcd-protocol")');
      return { contents, loader: 'js' };
    });
    onResolve({ filter: /^etcd-protocol$/ }, ({ importer }) => ({ path: importer, namespace: 'etcd-protocol' }));
    onLoad({ filter: /./, namespace: 'etcd-protocol' }, ({ path }) => ({
      contents: protocolModule(path),
      loader: 'js',
      resolveDir: dirname(loaderOf(path)),
    }));
  },
};
