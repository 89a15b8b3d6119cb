package dbserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"runtime"
	"time"
)

// PKI is a certificate authority of a test's own with a server certificate for
// localhost and 127.0.0.1 and a client certificate for CertUser. All are PEM.
type PKI struct {
	CACert                string
	ClientCert, ClientKey string
	// OtherCACert is an authority that has signed nothing here.
	OtherCACert string

	serverCert, serverKey string
}

// OtherHost is an address at which a server with TLS answers too, and which its
// certificate does not name; "" where the system has none.
func OtherHost() string {
	if runtime.GOOS == "linux" {
		return "127.0.0.2"
	}
	return ""
}

func otherAddress(prefix string) string {
	if h := OtherHost(); h != "" {
		return prefix + h
	}
	return ""
}

// NewPKI makes all keys anew.
func NewPKI() (*PKI, error) {
	ca, caKey, caPEM, err := authority("syncform test authority")
	if err != nil {
		return nil, err
	}
	_, _, otherPEM, err := authority("another authority")
	if err != nil {
		return nil, err
	}
	p := &PKI{CACert: caPEM, OtherCACert: otherPEM}
	server := template("localhost")
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.DNSNames, server.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	if p.serverCert, p.serverKey, err = signed(server, ca, caKey); err != nil {
		return nil, err
	}
	client := template(CertUser)
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	p.ClientCert, p.ClientKey, err = signed(client, ca, caKey)
	return p, err
}

func template(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		panic("no randomness: " + err.Error())
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-24 * time.Hour),
		NotAfter:     time.Now().Add(30 * 24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

func authority(name string) (*x509.Certificate, *ecdsa.PrivateKey, string, error) {
	t := template(name)
	t.IsCA, t.BasicConstraintsValid, t.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, "", err
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return nil, nil, "", err
	}
	cert, err := x509.ParseCertificate(der)
	return cert, key, encode("CERTIFICATE", der), err
}

func signed(t, ca *x509.Certificate, caKey *ecdsa.PrivateKey) (cert, key string, err error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	der, err := x509.CreateCertificate(rand.Reader, t, ca, &k.PublicKey, caKey)
	if err != nil {
		return "", "", err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return "", "", err
	}
	return encode("CERTIFICATE", der), encode("PRIVATE KEY", keyDER), nil
}

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
