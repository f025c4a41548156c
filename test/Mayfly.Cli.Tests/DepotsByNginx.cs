using Mayfly.Packages;

namespace Mayfly.Cli.Tests;

/// <summary>
/// Where there is a loopback and nothing else, nginx serves the depot as the files that it is. nginx and apt are those of an image that was built from the
/// depot; what apt and Mayfly ask for is read in nginx's own log.
/// </summary>
[Collection(OnRealDepot.Name), Trait("needs", "oracle"), Trait("needs", "root")]
public sealed class DepotsByNginx(RealDepot real)
{
    private const string Served = "http://127.0.0.1:8000/";

    /// <summary>What stands around the lines of the guide.</summary>
    private static string Configuration => $$"""
        daemon off; pid /tmp/nginx.pid; error_log stderr;
        events {}
        http { access_log /tmp/access.log; {{Nginx.OfGuide("127.0.0.1:8000", "/srv/depot")}} }
        """;

    [Fact]
    public void Apt_locks_and_builds_find_all_they_need()
    {
        var expected = Mayfly(real.Environment, "image build --base debian:bookworm --install memcached --name served --offline");
        Assert.True(expected.ExitCode == 0, expected.Error);
        var judge = Mayfly(real.OnlyDepot("judge"), "image build --base debian:bookworm --install apt,nginx-light --name judge --offline");
        Assert.True(judge.ExitCode == 0, judge.Error);
        var exported = Mayfly(real.OnlyDepot("judge"), "image export judge --format tar --output judge.tar");
        Assert.True(exported.ExitCode == 0, exported.Error);
        real.Folder.With("nginx.conf", Configuration);
        real.Folder.With("served.sources", File.ReadAllText(Path.Combine(real.Depot, "depot.sources")).Replace($"file:{real.Depot}/", Served, StringComparison.Ordinal));
        Directory.CreateDirectory(Path.Combine(real.Folder.Path, "locked"));

        var environment = real.OnlyDepot("asks-nginx");
        environment["MAYFLY_DEPOT"] = Served;
        environment["DEBIAN_FRONTEND"] = "noninteractive";
        // The loopback: SIOCSIFFLAGS with IFF_UP | IFF_RUNNING, netdevice(7).
        var ended = Shell.Run(real.Folder.Path, environment, $$"""
            exec unshare --net --mount -- sh -e -c '
            perl -e "socket(my \$s, 2, 2, 0) or die; my \$lo = pack(q(a16 s x22), q(lo), 0x41); ioctl(\$s, 0x8914, \$lo) or die \$!"
            mkdir served && tar -xpf judge.tar -C served && cp nginx.conf served/tmp/ && rm -f served/etc/apt/sources.list && cp served.sources served/etc/apt/sources.list.d/
            mkdir served/srv/depot && mount --bind depot served/srv/depot && mount --rbind /dev served/dev && mount -t proc proc served/proc
            chroot served nginx -c /tmp/nginx.conf 2>nginx.err & server=$!
            trap "kill $server; cat nginx.err >&2" EXIT
            for try in $(seq 300); do perl -MIO::Socket::INET -e "exit !IO::Socket::INET->new(q(127.0.0.1:8000))" && break; sleep 0.1; done
            echo update; chroot served apt-get update
            echo install; chroot served apt-get -o Dpkg::Use-Pty=0 --yes --no-install-recommends install memcached
            chroot served apt-get check; chroot served dpkg --audit; chroot served dpkg-query -W -f "memcached \${Version}\n" memcached
            cp served/tmp/access.log by-apt.log
            dotnet "$0" depot verify {{Served}} --key depot/depot.asc
            dotnet "$0" image build --base debian:bookworm --install memcached --name served --lock locked/stack.lock
            cp served/tmp/access.log by-all.log' '{{Path.Combine(AppContext.BaseDirectory, "Mayfly.Cli.dll")}}'
            """);

        Assert.True(ended.ExitCode == 0, ended.Output + ended.Error);
        Assert.DoesNotMatch("(?m)^[WEN]: ", ended.Output + ended.Error);
        Assert.Contains($"memcached {real.Lock.Packages.Single(static package => package.Name == "memcached").Version}\n", ended.Output, StringComparison.Ordinal);
        Assert.Matches(@"127\.0\.0\.1:8000/ is whole: 1 lock, ", ended.Output);
        // The same bytes from the archive, from a store, and by way of any server.
        Assert.EndsWith(expected.Output, ended.Output, StringComparison.Ordinal);
        var locked = LockFile.Read(Path.Combine(real.Folder.Path, "locked", LockFile.Name))!;
        Assert.All(locked.Packages, package => Assert.Contains(package, real.Lock.Packages));
        var (byApt, byAll) = (File.ReadAllText(Path.Combine(real.Folder.Path, "by-apt.log")), File.ReadAllText(Path.Combine(real.Folder.Path, "by-all.log")));
        Assert.Matches(@"GET /dists/bookworm/main/binary-[a-z0-9]+/by-hash/SHA256/[0-9a-f]{64} HTTP/1\.1"" 200", byApt);
        Assert.Matches(@"GET /pool/\S+/memcached_\S+\.deb HTTP/1\.1"" 200", byApt);
        Assert.Matches(@"GET /dists/bookworm/main/binary-[a-z0-9]+/by-hash/SHA256/[0-9a-f]{64} HTTP/1\.1"" 200", byAll[byApt.Length..]);
        Assert.DoesNotMatch(@""" [45]\d\d ", string.Join('\n', byAll.Split('\n').Where(static line => line.Contains("/pool/", StringComparison.Ordinal))));
    }

    private (int ExitCode, string Output, string Error) Mayfly(Dictionary<string, string?> environment, string words) =>
        Shell.Run(real.Folder.Path, environment, $"exec dotnet '{Path.Combine(AppContext.BaseDirectory, "Mayfly.Cli.dll")}' {words}");
}
