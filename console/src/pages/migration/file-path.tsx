/** A path that may be broken after each slash and nowhere else. */
export function FilePath({ path }: { path: string }) {
  const parts = path.split('/');
  return (
    <code>
      {parts.map((part, index) =>
        index < parts.length - 1 ? (
          <>
            {part}/<wbr />
          </>
        ) : (
          part
        ),
      )}
    </code>
  );
}
