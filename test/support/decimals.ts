/** The value of a decimal as whole digits without a zero at either end, and a power of ten; zero keeps its sign. */
export function exactNumber(text: string): string {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text);
  if (!match) throw new Error(`no decimal: ${text}`);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const all = (whole + fraction).replace(/^0+/, '');
  const significant = all.replace(/0+$/, '');
  if (significant === '') return sign === '-' ? '-0' : '0';
  const power = Number(exponent) - fraction.length + (all.length - significant.length);
  return `${sign === '-' ? '-' : ''}${significant}e${power}`;
}

/** A decimal written out without an exponent, with as many decimals as its text has. */
export function plainDecimal(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text)!;
  const shift = Number(exponent);
  const scale = Math.max(0, fraction.length - shift);
  const all = BigInt(`0${whole}${fraction}`) * 10n ** BigInt(Math.max(0, shift - fraction.length));
  const digits = String(all).padStart(scale + 1, '0');
  const shown = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return sign === '-' && all !== 0n ? `-${shown}` : shown;
}
