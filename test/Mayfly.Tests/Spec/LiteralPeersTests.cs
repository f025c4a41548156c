using Mayfly.Spec;

namespace Mayfly.Tests.Spec;

public sealed class LiteralPeersTests
{
    [Theory]
    [InlineData("proxy_pass http://10.0.0.5:8000;", "10.0.0.5")]
    [InlineData("server localhost:8000;", "localhost")]
    [InlineData("DATABASE_URL=postgres://u:p@127.0.0.1/orders", "127.0.0.1")]
    [InlineData("cache_servers = 192.168.7.2:11211", "192.168.7.2")]
    [InlineData("  host: localhost", "localhost")]
    [InlineData("upstream=[fd00::7]:80", "[fd00::7]")]
    [InlineData("redis://LOCALHOST:6379/0", "LOCALHOST")]
    public void A_peer_named_by_address_is_found(string line, string literal)
        => Assert.Equal(literal, LiteralPeers.FindIn(line, program: false));

    [Theory]
    [InlineData("listen 127.0.0.1:80;")]
    [InlineData("bind 0.0.0.0")]
    [InlineData("listen_addresses = 'localhost'")]
    [InlineData("allow 10.0.0.0/8;")]
    [InlineData("host all all 127.0.0.1/32 scram-sha-256")]
    [InlineData("# connect to localhost")]
    [InlineData("healthcheck = http://127.0.0.1/ok")]
    [InlineData("resolver 169.254.53.53 valid=1s;")]
    [InlineData("ALLOWED_HOSTS = ['localhost', '127.0.0.1']")]
    [InlineData("version = 1.2.3.4.5")]
    [InlineData("proxy_pass http://web.shop.internal:8000;")]
    [InlineData("localhostess = 1")]
    public void Listening_admitting_checking_and_hostnames_are_allowed(string line)
        => Assert.Null(LiteralPeers.FindIn(line, program: false));

    [Theory]
    [InlineData("HOST = 'localhost'", "localhost")]
    [InlineData("conn = connect(\"postgres://10.2.3.4/x\")", "10.2.3.4")]
    public void In_programs_urls_and_host_settings_count(string line, string literal)
        => Assert.Equal(literal, LiteralPeers.FindIn(line, program: true));

    [Theory]
    [InlineData("text = 'localhost is a name'")]
    [InlineData("assert ip == '10.0.0.1'")]
    public void In_programs_other_mentions_do_not(string line)
        => Assert.Null(LiteralPeers.FindIn(line, program: true));

    [Fact]
    public void The_error_names_file_and_line()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            Directory.CreateDirectory(Path.Combine(folder.FullName, "conf"));
            File.WriteAllText(Path.Combine(folder.FullName, "conf", "app.conf"), "a = 1\nserver = 10.0.0.9\n");
            var failure = Assert.Throws<MayflyException>(() => LiteralPeers.RequireNoneBelow(Path.Combine(folder.FullName, "conf"), folder.FullName, []));
            Assert.StartsWith("conf/app.conf:2 names a peer by the address 10.0.0.9", failure.Message);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
