import { randomUUID, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** PEM files with which a server proves who it is. */
export interface ServerCertificate {
  /** The authority's certificate: what clients trust. */
  readonly authorityFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** What an address of PostgreSQL needs, so that programs speak TLS and make sure who answers. */
export const postgresTrust = (authorityFile: string) =>
  `?sslmode=verify-full&sslrootcert=${encodeURIComponent(authorityFile)}`;
/** The same for an amqps:// address. */
export const amqpTrust = (authorityFile: string) => `?cacertfile=${encodeURIComponent(authorityFile)}`;

const DAY_MS = 24 * 60 * 60_000;
const AUTHORITY_DAYS = 3_650;
/** The most that some clients accept. */
const SERVER_DAYS = 397;
/** A certificate that ends sooner is made again. */
const RENEW_DAYS = 30;

const common = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

/**
 * Returns the certificate of a server, which an authority in the same folder has signed. Both are made when they are missing or
 * end within 30 days.
 * @param folder only its owner can read the keys in it
 * @param server names the files
 * @param hosts the names and IP addresses under which clients reach the server
 */
export async function certificateOf(
  folder: string,
  server: string,
  hosts: readonly string[],
): Promise<ServerCertificate> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const authority = filesOf(folder, 'authority');
  if (!isGood(authority.certificateFile)) {
    await makeAuthority(authority);
  }
  const files = filesOf(folder, server);
  const { certificateFile } = files;
  const isSigned = (pem: X509Certificate) =>
    pem.verify(new X509Certificate(readFileSync(authority.certificateFile)).publicKey);
  if (!isGood(certificateFile, (pem) => isSigned(pem) && hosts.every((host) => isFor(pem, host)))) {
    await makeServerCertificate(authority, files, hosts);
  }
  return { ...files, authorityFile: authority.certificateFile };
}

/** Returns where `certificateOf` keeps the authority of a folder. */
export function authorityIn(folder: string): string {
  return filesOf(folder, 'authority').certificateFile;
}

type Files = Pick<ServerCertificate, 'certificateFile' | 'keyFile'>;

function filesOf(folder: string, name: string): Files {
  return { certificateFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) };
}

function isGood(file: string, isWanted: (certificate: X509Certificate) => boolean = () => true): boolean {
  if (!existsSync(file)) {
    return false;
  }
  const certificate = new X509Certificate(readFileSync(file));
  return Date.parse(certificate.validTo) > Date.now() + RENEW_DAYS * DAY_MS && isWanted(certificate);
}

function isFor(certificate: X509Certificate, host: string): boolean {
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
}

async function makeAuthority(files: Files): Promise<void> {
  // Clients that trust two authorities of the same name may take the wrong one.
  const made = await generate([{ name: 'commonName', value: `Chandlery ${randomUUID()}` }], {
    ...common,
    notAfterDate: new Date(Date.now() + AUTHORITY_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  write(files, made);
}

async function makeServerCertificate(
  authority: Files,
  files: Files,
  hosts: readonly string[],
): Promise<void> {
  const altNames = hosts.map((host) =>
    isIP(host) === 0 ? ({ type: 2, value: host } as const) : ({ type: 7, ip: host } as const),
  );
  const made = await generate([{ name: 'commonName', value: hosts[0] ?? 'server' }], {
    ...common,
    notAfterDate: new Date(Date.now() + SERVER_DAYS * DAY_MS),
    ca: {
      cert: readFileSync(authority.certificateFile, 'utf8'),
      key: readFileSync(authority.keyFile, 'utf8'),
    },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      // Nodes of a broker are clients of each other.
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  write(files, made);
}

/** The certificate comes last, because it says that the key is there. Files of several certificates are made by appending. */
function write({ certificateFile, keyFile }: Files, made: { cert: string; private: string }): void {
  for (const [file, text, mode] of [
    [keyFile, made.private, 0o600],
    [certificateFile, made.cert, 0o644],
  ] as const) {
    writeFileSync(`${file}.new`, `${text.trim()}\n`, { mode });
    renameSync(`${file}.new`, file);
  }
}
