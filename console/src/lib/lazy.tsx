import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Waiting } from '../ui/answered.tsx';
import { Failure } from '../ui/failure.tsx';
import { ApiError } from './api.ts';

type Load<P> = () => Promise<{ default: ComponentType<P> }>;

/** A component whose code is asked for when it is first shown. */
export function lazy<P extends object>(load: Load<P>, what: string): ComponentType<P> {
  let known: ComponentType<P> | undefined;
  return function Lazy(props: P) {
    const [Loaded, setLoaded] = useState<ComponentType<P> | undefined>(() => known);
    const [error, setError] = useState<ApiError>();
    const [asked, setAsked] = useState(0);
    useEffect(() => {
      if (Loaded !== undefined) return;
      let shown = true;
      load().then(
        (module) => {
          known = module.default;
          if (shown) setLoaded(() => module.default);
        },
        () => {
          if (shown)
            setError(
              new ApiError(
                0,
                'CODE_NOT_LOADED',
                'Its code did not arrive. After an update of the service this page has to be loaded anew.',
              ),
            );
        },
      );
      return () => {
        shown = false;
      };
    }, [asked]);
    if (Loaded !== undefined) return <Loaded {...props} />;
    const again = (): void => {
      setError(undefined);
      setAsked((times) => times + 1);
    };
    return error === undefined ? (
      <Waiting what={what} />
    ) : (
      <Failure what={what} error={error} again={again} />
    );
  };
}
