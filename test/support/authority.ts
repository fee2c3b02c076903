/** A certificate authority of a test's own, made by the command `openssl`. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether there is an `openssl` to make one with. */
export const opensslHere = spawnSync('openssl', ['version']).error === undefined;

/** A certificate and its key: texts in PEM, and the files that they are in. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Its files are removed by `dispose()`. */
export class Authority {
  readonly directory = mkdtempSync(join(tmpdir(), 'virtual-router-authority-'));
  /** Its own certificate, in PEM. */
  readonly certificate: string;
  readonly certificateFile = join(this.directory, 'ca.pem');
  #made = 0;

  constructor(name: string) {
    this.#openssl('req', '-x509', ...NEW_KEY, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', `/CN=${name}`);
    this.certificate = readFileSync(this.certificateFile, 'utf8');
  }

  /**
   * Signs a certificate for two days, or for some that are over.
   *
   * @param alternatives - `DNS:rpki.test`; none where undefined.
   */
  issue(commonName: string, alternatives: string | undefined, days = 2): Issued {
    const name = `issued-${++this.#made}`;
    const [key, request, certificate, extensions] = ['key', 'csr', 'pem', 'ext'].map((kind) => `${name}.${kind}`) as [
      string,
      string,
      string,
      string,
    ];
    writeFileSync(join(this.directory, extensions), alternatives === undefined ? '' : `subjectAltName=${alternatives}\n`);
    this.#openssl('req', '-new', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', `/CN=${commonName}`);
    const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
    this.#openssl('x509', '-req', '-in', request, ...signer, '-days', `${days}`, '-extfile', extensions, '-out', certificate);
    const [certificateFile, keyFile] = [join(this.directory, certificate), join(this.directory, key)];
    return { certificate: readFileSync(certificateFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), certificateFile, keyFile };
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.directory, stdio: 'pipe' });
  }
}
