import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: number };
}
export interface Span {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  status?: { code?: number };
  attributes: Attribute[];
}
export interface OtlpBody {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: Span[] }[] }[];
}

/** Takes OTLP over HTTP as a collector does, and keeps what came. */
export class Collector {
  readonly bodies: string[] = [];
  readonly headers: Record<string, unknown>[] = [];
  /** Others than 200 refuse. */
  status = 200;
  silent = false;
  /** Requests that it was silent about. */
  waiting = 0;
  readonly #server: HttpServer = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (part: string) => (text += part));
    request.on('end', () => {
      if (this.silent) {
        this.waiting += 1;
        return;
      }
      if (this.status === 200) this.bodies.push(text);
      this.headers.push({ ...request.headers, path: request.url });
      response.writeHead(this.status, { 'content-type': 'application/json' }).end('{}');
    });
  });

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get spans(): Span[] {
    return this.bodies
      .flatMap((text) => (JSON.parse(text) as OtlpBody).resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
  }

  named(name: string): Span {
    const found = this.spans.find((span) => span.name === name);
    if (found === undefined)
      throw new Error(`no span ${name} among ${this.spans.map((span) => span.name).join(', ')}`);
    return found;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The value of an attribute. */
export const of = (span: Pick<Span, 'attributes'>, key: string): string | number | undefined => {
  const value = span.attributes.find((attribute) => attribute.key === key)?.value;
  return value?.stringValue ?? value?.intValue;
};
