/** Styles of a chart come with its code; the bundler makes a file of them. */
declare module '*.css';
