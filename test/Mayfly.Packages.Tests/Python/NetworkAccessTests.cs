using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Tests.Python;

/// <summary>Certificates and proxies that pip's settings name.</summary>
public sealed class NetworkAccessTests : IDisposable
{
    private readonly TemporaryStore _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Certificates_count_in_place_of_the_systems_and_trusted_hosts_need_none()
    {
        using var own = Certificate("own");
        using var other = Certificate("other");
        using var server = new SmallServer(own);
        var (port, folder) = (server.Address.Port, Directory.CreateDirectory($"{_store.Store.Root}/certificates").FullName);
        File.WriteAllText($"{folder}/own.pem", $"# of ours\n{own.ExportCertificatePem()}\n");
        File.WriteAllText($"{_store.Store.Root}/other.pem", other.ExportCertificatePem());
        foreach (var (access, accepted) in ((NetworkAccess, bool)[])
            [
                (new(), false),
                (new() { Certificates = $"{folder}/own.pem" }, true),
                (new() { Certificates = folder }, true),
                (new() { Certificates = $"{_store.Store.Root}/other.pem" }, false),
                (new() { TrustedHosts = ["127.0.0.1"] }, true),
                (new() { TrustedHosts = ["elsewhere.test", $"127.0.0.1:{port}"] }, true),
                (new() { TrustedHosts = [$"127.0.0.1:{port + 1}", "0.0.1"] }, false),
            ])
        {
            if (accepted)
                Assert.Equal("hello", await RemoteRequirements.ReadAsync(server.Address.AbsoluteUri, access, TestContext.Current.CancellationToken));
            else
                Assert.Contains("its TLS certificate was not accepted", (await Assert.ThrowsAsync<MayflyException>(() => RemoteRequirements.ReadAsync(server.Address.AbsoluteUri, access, TestContext.Current.CancellationToken))).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_server_that_asks_for_our_certificate_gets_it()
    {
        using var own = Certificate("server");
        using var ours = Certificate("client");
        using var server = new SmallServer(own) { AsksForCertificate = true };
        File.WriteAllText($"{_store.Store.Root}/client.pem", $"{ours.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem()}\n{ours.ExportCertificatePem()}\n");
        var access = new NetworkAccess { TrustedHosts = ["127.0.0.1"], ClientCertificate = $"{_store.Store.Root}/client.pem" };
        Assert.Equal("hello", await RemoteRequirements.ReadAsync(server.Address.AbsoluteUri, access, TestContext.Current.CancellationToken));
        Assert.Equal(["CN=client"], server.Clients);
    }

    [Theory]
    [InlineData("http://joe:p%40ss@127.0.0.1:PORT")]
    [InlineData("joe:p%40ss@127.0.0.1:PORT")]
    public async Task A_proxy_is_asked_for_everything(string proxy)
    {
        using var server = new SmallServer(null) { ProxyLogin = $"Basic {Convert.ToBase64String("joe:p@ss"u8)}" };
        var access = new NetworkAccess { Proxy = proxy.Replace("PORT", $"{server.Address.Port}", StringComparison.Ordinal) };
        Assert.Equal("hello", await RemoteRequirements.ReadAsync("http://index.test/requirements.txt", access, TestContext.Current.CancellationToken));
        Assert.Equal("GET http://index.test/requirements.txt HTTP/1.1", server.Lines.Last());
    }

    [Theory]
    [InlineData("/nowhere.pem", null, "there are no certificates at /nowhere.pem")]
    [InlineData("/etc/hostname", null, "/etc/hostname has no certificates")]
    [InlineData(null, "http://", "the proxy 'http://' is no address")]
    public async Task What_cannot_be_used_is_told(string? certificates, string? proxy, string message)
    {
        var failure = await Assert.ThrowsAsync<MayflyException>(() => RemoteRequirements.ReadAsync("https://127.0.0.1:1/", new NetworkAccess { Certificates = certificates, Proxy = proxy }, TestContext.Current.CancellationToken));
        Assert.Equal(message, failure.Message);
        Assert.NotNull(failure.Hint);
    }

    [Fact]
    public async Task Who_has_no_certificate_is_asked_without_reading_any()
    {
        using var server = new SmallServer(null);
        Assert.Equal("hello", await RemoteRequirements.ReadAsync(server.Address.AbsoluteUri, new NetworkAccess { Certificates = "/nowhere.pem", ClientCertificate = "/nowhere.pem" }, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void What_a_file_of_another_host_names_is_meant_from_there_and_is_none_of_ours()
    {
        var texts = new Dictionary<string, string> { ["https://host.test/a/all.txt"] = "-r more.txt\n-c /limits.txt\n", ["https://host.test/a/more.txt"] = "one\n", ["https://host.test/limits.txt"] = "one<2\n", ["https://host.test/bad.txt"] = "-r file:///etc/passwd\n" };
        var read = RequirementsFile.Read("https://host.test/a/all.txt", address => texts[address], static _ => null);
        Assert.Equal([("one", false), ("one<2", true)], read.Entries.Select(static entry => (entry.Text, entry.IsConstraint)));
        var failure = Assert.Throws<MayflyException>(() => RequirementsFile.Read("https://host.test/bad.txt", address => texts[address], static _ => null));
        Assert.Equal("https://host.test/bad.txt names file:///etc/passwd, a file of this machine, which a file of another host may not", failure.Message);
    }

    private static X509Certificate2 Certificate(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }

    /// <summary>Says hello to every request, by TLS or as a proxy.</summary>
    private sealed class SmallServer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly X509Certificate2? _certificate;

        public SmallServer(X509Certificate2? certificate)
        {
            _certificate = certificate;
            _listener.Start();
            _ = AcceptAsync();
        }

        public Uri Address => new($"{(_certificate is null ? "http" : "https")}://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

        public bool AsksForCertificate { get; init; }

        public string? ProxyLogin { get; init; }

        public ConcurrentQueue<string> Lines { get; } = new();

        public ConcurrentQueue<string> Clients { get; } = new();

        public void Dispose() => _listener.Stop();

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                    _ = ServeAsync(await _listener.AcceptTcpClientAsync());
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException)
            {
            }
        }

        private async Task ServeAsync(TcpClient client)
        {
            using (client)
            {
                try
                {
                    Stream stream = client.GetStream();
                    if (_certificate is not null)
                    {
                        var tls = new SslStream(stream, false, static (_, _, _, _) => true);
                        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate, ClientCertificateRequired = AsksForCertificate });
                        if (tls.RemoteCertificate is { } sent)
                            Clients.Enqueue(sent.Subject);
                        stream = tls;
                    }

                    using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
                    while (await reader.ReadLineAsync() is { Length: > 0 } line)
                    {
                        Lines.Enqueue(line);
                        var known = ProxyLogin is null;
                        while (await reader.ReadLineAsync() is { Length: > 0 } header)
                            known |= header == $"Proxy-Authorization: {ProxyLogin}";
                        await stream.WriteAsync(Encoding.ASCII.GetBytes(known ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" : "HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"));
                    }
                }
                catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
                {
                }
            }
        }
    }
}
