import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { EtcdTls } from '../support/etcd.ts';

const run = promisify(execFile);
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const PURPOSES = {
  server: 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n',
  client: 'extendedKeyUsage=clientAuth\n',
};

/** Makes `<purpose>.crt` and `<purpose>.key` in `dir`, signed by the authority there; after `days` they have expired. */
export async function issueCertificate(dir: string, purpose: 'server' | 'client', days = 30): Promise<void> {
  const openssl = (...args: string[]) => run('openssl', args, { cwd: dir });
  await writeFile(join(dir, `${purpose}.ext`), PURPOSES[purpose]);
  const files = ['-keyout', `${purpose}.key`, '-out', `${purpose}.csr`];
  await openssl('req', ...NEW_KEY, ...files, '-subj', `/CN=${purpose}`);
  const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', String(days)];
  const signed = ['-in', `${purpose}.csr`, '-out', `${purpose}.crt`, '-extfile', `${purpose}.ext`];
  await openssl('x509', '-req', ...signed, ...authority);
}

/** Makes an authority, a server certificate for 127.0.0.1 and a client certificate in `dir`, with the openssl of this machine. */
export async function makeCertificates(dir: string): Promise<EtcdTls> {
  const at = (file: string) => join(dir, file);
  const authority = ['-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test authority'];
  await run('openssl', ['req', '-x509', ...NEW_KEY, ...authority], { cwd: dir });
  await issueCertificate(dir, 'server');
  await issueCertificate(dir, 'client');
  const [ca, cert, key] = await Promise.all(['ca.crt', 'client.crt', 'client.key'].map((file) => readFile(at(file))));
  return {
    server: { ca: at('ca.crt'), cert: at('server.crt'), key: at('server.key') },
    client: { ca: ca!, cert: cert!, key: key! },
  };
}
