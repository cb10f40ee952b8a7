// Plays scenarios with nats.go against one server and prints what came of them, line by line: the same at every server.
package main

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

const wait = 5 * time.Second

func connect(url string, options ...nats.Option) *nats.Conn {
	connection, err := nats.Connect(url, options...)
	if err != nil {
		fmt.Println("connect:", err)
		os.Exit(1)
	}
	return connection
}

func main() {
	plain, guarded := os.Args[1], os.Args[2]
	publishing(plain)
	queues(plain)
	requests(plain)
	unsubscribing(plain)
	logins(guarded)
	permissions(guarded)
}

func publishing(url string) {
	a, b := connect(url), connect(url, nats.NoEcho())
	defer a.Close()
	defer b.Close()
	sub, _ := b.SubscribeSync("size.*")
	b.Flush()
	for _, size := range []int{0, 1, 128, 4096, 65536, 1048576} {
		message := nats.NewMsg(fmt.Sprintf("size.%d", size))
		message.Data = make([]byte, size)
		message.Header.Add("A", "1")
		message.Header.Add("A", "2")
		a.PublishMsg(message)
	}
	b.Publish("size.own", nil)
	for range 6 {
		message, err := sub.NextMsg(wait)
		if err != nil {
			fmt.Println("publishing:", err)
			return
		}
		fmt.Println(message.Subject, len(message.Data), message.Header["A"])
	}
	fmt.Println("too large:", a.Publish("size.x", make([]byte, a.MaxPayload()+1)))
	fmt.Println("JetStream:", jetStream(a))
	fmt.Println("headers:", a.HeadersSupported(), "rtt:", rtt(a))
}

func jetStream(connection *nats.Conn) error {
	context, err := connection.JetStream()
	if err != nil {
		return err
	}
	_, err = context.AccountInfo()
	return err
}

func rtt(connection *nats.Conn) bool {
	took, err := connection.RTT()
	return err == nil && took > 0
}

func queues(url string) {
	a, b := connect(url), connect(url)
	defer a.Close()
	defer b.Close()
	got := make(chan string, 1000)
	for _, connection := range []*nats.Conn{a, b} {
		connection.QueueSubscribe("q.*", "g", func(message *nats.Msg) { got <- "g " + string(message.Data) })
		connection.Subscribe("q.>", func(message *nats.Msg) { got <- "all " + string(message.Data) })
		connection.Flush()
	}
	for index := range 100 {
		a.Publish("q.x", []byte(fmt.Sprint(index)))
	}
	a.Flush()
	lines := make([]string, 0, 300)
	for range 300 {
		select {
		case line := <-got:
			lines = append(lines, line)
		case <-time.After(wait):
			fmt.Println("queues: late")
		}
	}
	sort.Strings(lines)
	fmt.Println(strings.Join(lines, ","))
}

func requests(url string) {
	a, b := connect(url), connect(url)
	defer a.Close()
	defer b.Close()
	b.Subscribe("echo", func(message *nats.Msg) { message.Respond(append([]byte("re: "), message.Data...)) })
	b.Subscribe("silent", func(*nats.Msg) {})
	b.Flush()
	for index := range 50 {
		answer, err := a.Request("echo", []byte(fmt.Sprint(index)), wait)
		if err != nil {
			fmt.Println("requests:", err)
			return
		}
		fmt.Print(string(answer.Data), " ")
	}
	fmt.Println()
	_, err := a.Request("silent", nil, 50*time.Millisecond)
	fmt.Println("silent:", err)
	_, err = a.Request("nobody", nil, wait)
	fmt.Println("nobody:", err)
}

func unsubscribing(url string) {
	a := connect(url)
	sub, _ := a.SubscribeSync("u")
	sub.AutoUnsubscribe(2)
	for index := range 4 {
		a.Publish("u", []byte(fmt.Sprint(index)))
	}
	a.Flush()
	for range 3 {
		message, err := sub.NextMsg(100 * time.Millisecond)
		if err != nil {
			fmt.Println("unsubscribing:", err)
			continue
		}
		fmt.Println("unsubscribing:", string(message.Data))
	}
	closed := make(chan bool)
	a.SetClosedHandler(func(*nats.Conn) { close(closed) })
	fmt.Println("drain:", a.Drain())
	<-closed
	fmt.Println("status:", a.Status())
}

func logins(url string) {
	for _, options := range [][]nats.Option{{}, {nats.UserInfo("free", "wrong")}, {nats.Token("p")}, {nats.UserInfo("free", "p")}} {
		connection, err := nats.Connect(url, options...)
		fmt.Println("login:", err, errors.Is(err, nats.ErrAuthorization))
		if err == nil {
			connection.Close()
		}
	}
}

func permissions(url string) {
	told := make(chan error, 10)
	ann := connect(url, nats.UserInfo("ann", "p"), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { told <- err }))
	free := connect(url, nats.UserInfo("free", "p"))
	defer ann.Close()
	defer free.Close()
	ann.Publish("secret", nil)
	fmt.Println("violation:", <-told)
	ann.QueueSubscribeSync("secret", "q")
	fmt.Println("violation:", <-told)
	sub, _ := ann.SubscribeSync("*")
	ann.Flush()
	for _, subject := range []string{"open", "secret", "other"} {
		free.Publish(subject, nil)
	}
	for range 2 {
		message, err := sub.NextMsg(wait)
		if err != nil {
			fmt.Println("permissions:", err)
			return
		}
		fmt.Println("got:", message.Subject)
	}
}
