// A pod's program for tests: reads parameters by AWS' own SDK, with whatever credentials the SDK finds, and says what came of it;
// or answers on port 8081, by TCP with a page of 1 MB, by UDP with what it was sent.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "serve" {
		serve()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	settings, err := config.LoadDefaultConfig(ctx, config.WithRetryMaxAttempts(1))
	if err != nil {
		log.Fatal(err)
	}
	client := ssm.NewFromConfig(settings)
	for _, name := range os.Args[1:] {
		_, err := client.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(name)})
		fmt.Printf("%s: %s\n", name, said(err))
	}
}

func said(err error) string {
	if err == nil {
		return "done"
	}
	var refused smithy.APIError
	if errors.As(err, &refused) {
		return refused.ErrorCode()
	}
	return "no credentials: " + err.Error()
}

func serve() {
	page := strings.Repeat("0123456789abcde\n", 1<<16)
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, page) })
	go func() { log.Fatal(http.ListenAndServe(":8081", nil)) }()
	socket, err := net.ListenPacket("udp", ":8081")
	if err != nil {
		log.Fatal(err)
	}
	buffer := make([]byte, 2048)
	for {
		size, from, err := socket.ReadFrom(buffer)
		if err != nil {
			log.Fatal(err)
		}
		if _, err := socket.WriteTo(buffer[:size], from); err != nil {
			log.Print(err)
		}
	}
}
