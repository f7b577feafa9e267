/** Holds the namespaces of a pod, as the image `pause` of Kubernetes does: that one is not a Go program. */
export const pauseSource = `package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	<-end
}
`;
