import type { ParamsOption } from 'openapi-fetch';
import type { paths } from './paths.ts';

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch';
type GoodStatus = 200 | 201 | 204;

export interface CallOptions {
  /** Instead of the client's. */
  readonly timeoutMs?: number | undefined;
  /** Ends the call, which then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

type Answers<Operation> = Operation extends { responses: infer R } ? R : never;
/** The JSON of an answer; undefined where it has no body, never where its body is something else. */
type JsonOf<Answer> = Answer extends { content: infer Content }
  ? Content extends { 'application/json': infer Body }
    ? Body
    : never
  : undefined;

/** What a call of an operation resolves to. */
export type AnswerOf<Operation> = {
  [Status in keyof Answers<Operation> & GoodStatus]: JsonOf<Answers<Operation>[Status]>;
}[keyof Answers<Operation> & GoodStatus];

/** The operation of a method at a path. */
export type OperationAt<Path extends keyof paths, M extends Method> = paths[Path] extends {
  [Name in M]: infer Operation;
}
  ? Operation
  : never;

/** The paths that take a method and answer it with JSON, or with nothing. */
export type PathOf<M extends Method> = {
  [Path in keyof paths]: [AnswerOf<OperationAt<Path, M>>] extends [never] ? never : Path;
}[keyof paths];

type BodyOption<Operation> = Operation extends {
  requestBody: { content: { 'application/json': infer Body } };
}
  ? { body: Body }
  : { body?: never };

export type InitOf<Operation> = ParamsOption<Operation> & BodyOption<Operation> & CallOptions;
/** The argument behind the path, which may be left out where nothing in it is required. */
export type Init<Path extends keyof paths, M extends Method> =
  Partial<InitOf<OperationAt<Path, M>>> extends InitOf<OperationAt<Path, M>>
    ? [init?: InitOf<OperationAt<Path, M>>]
    : [init: InitOf<OperationAt<Path, M>>];

type ListOperation = { parameters: { query?: { cursor?: string } } };
/** The paths of lists that are given page by page. */
export type ListPath = {
  [Path in PathOf<'get'>]: AnswerOf<OperationAt<Path, 'get'>> extends { next_cursor: string | null }
    ? OperationAt<Path, 'get'> extends ListOperation
      ? Path
      : never
    : never;
}[PathOf<'get'>];
export type PageOf<Path extends ListPath> = AnswerOf<OperationAt<Path, 'get'>>;

type WithLines = { responses: { 200: { content: { 'application/x-ndjson': unknown } } } };
/** The paths of lists that are given as lines of JSON as well. */
export type LinesPath = {
  [Path in ListPath]: OperationAt<Path, 'get'> extends WithLines ? Path : never;
}[ListPath];
export type ItemOf<Path extends LinesPath> = PageOf<Path> extends { items: (infer Item)[] } ? Item : never;

/** The calls of the API. Each resolves to the answer's JSON, or throws `StockroomProblem`. */
export interface Client {
  GET<P extends PathOf<'get'>>(path: P, ...init: Init<P, 'get'>): Promise<AnswerOf<OperationAt<P, 'get'>>>;
  PUT<P extends PathOf<'put'>>(path: P, ...init: Init<P, 'put'>): Promise<AnswerOf<OperationAt<P, 'put'>>>;
  /** Tried again only with the header `idempotency-key`. */
  POST<P extends PathOf<'post'>>(
    path: P,
    ...init: Init<P, 'post'>
  ): Promise<AnswerOf<OperationAt<P, 'post'>>>;
  DELETE<P extends PathOf<'delete'>>(
    path: P,
    ...init: Init<P, 'delete'>
  ): Promise<AnswerOf<OperationAt<P, 'delete'>>>;
  /** Never tried again. */
  PATCH<P extends PathOf<'patch'>>(
    path: P,
    ...init: Init<P, 'patch'>
  ): Promise<AnswerOf<OperationAt<P, 'patch'>>>;
  /** The pages of a list, from the `cursor` that is given or from its beginning; `limit` is the size of a page. */
  pages<P extends ListPath>(path: P, ...init: Init<P, 'get'>): AsyncGenerator<PageOf<P>, void, undefined>;
  /**
   * The items of a whole list, read from one answer as they come. `timeoutMs` bounds the wait for its beginning and for more of it. When it
   * ends before its end this throws, and is not tried again.
   */
  lines<P extends LinesPath>(path: P, ...init: Init<P, 'get'>): AsyncGenerator<ItemOf<P>, void, undefined>;
}
