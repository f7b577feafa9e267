import { parseAllDocuments } from 'yaml';
import { gatewayImage } from '../programs/chart';

/** The images that the cluster itself needs, and those of the shop. */

const own = (name: string) => `docker.io/chandlery-cluster/${name}:1`;
export const PAUSE = own('pause');

/** Images that contain one program, by the program. None has anything else in it. */
export type ImagesOfPrograms = Readonly<Record<string, { image: string; user?: string }>>;
export const imagesOfPrograms: ImagesOfPrograms = {
  pause: { image: PAUSE, user: '65535:65535' },
  // The port 53 is only for root.
  coredns: { image: own('coredns') },
  'metrics-server': { image: own('metrics-server'), user: '65532:65532' },
  'envoy-gateway': { image: gatewayImage, user: '65532:65532' },
};
/** Of what watches the shop. The operator says which user runs the last three. */
export const imagesOfMonitoring: ImagesOfPrograms = {
  'prometheus-operator': { image: own('prometheus-operator'), user: '65534:65534' },
  'prometheus-config-reloader': { image: own('prometheus-config-reloader') },
  prometheus: { image: own('prometheus') },
  alertmanager: { image: own('alertmanager') },
};

/** Returns the name that containerd looks for when an image has a digest: its tag does not matter then. */
export function byDigest(image: string): string {
  return image.replace(/:[^:/@]+@/, '@');
}

/** Returns every image that manifests name, once. */
export function imagesIn(manifests: string): string[] {
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (Array.isArray(value)) {
      value.forEach(look);
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, child] of Object.entries(value)) {
        if (key === 'image' && typeof child === 'string') {
          found.add(child);
        } else {
          look(child);
        }
      }
    }
  };
  for (const document of parseAllDocuments(manifests)) {
    look(document.toJS());
  }
  return [...found].sort();
}

/** Returns the target in the Dockerfile that makes an image; undefined when it is not one of ours. */
export function targetOf(image: string): string | undefined {
  return /^chandlery\/([\w-]+):/.exec(image)?.[1];
}
