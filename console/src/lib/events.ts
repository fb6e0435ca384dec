/** Server-sent events out of a text that arrives in pieces. */
export interface ServerEvent {
  name: string;
  data: string;
}

/** What is whole in `text`, and the rest that has to wait for more. Comments are beats of the connection. */
export function eventsIn(text: string): { events: ServerEvent[]; rest: string } {
  const blocks = text.split(/\r?\n\r?\n/);
  const rest = blocks.pop() ?? '';
  const events = blocks.flatMap((block) => {
    let name = 'message';
    const data: string[] = [];
    for (const line of block.split(/\r?\n/)) {
      const [, field = '', value = ''] = /^([^:]+):? ?(.*)$/.exec(line) ?? [];
      if (field === 'event') name = value;
      else if (field === 'data') data.push(value);
    }
    return data.length === 0 ? [] : [{ name, data: data.join('\n') }];
  });
  return { events, rest };
}
