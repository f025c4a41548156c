using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Environments.Tests;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;
using Mayfly.Packages.Tests.Debian;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Tests.Python;

/// <summary>Indexes that want to know who asks: they are told, and nobody else is.</summary>
public sealed class PrivateIndexTests : IDisposable
{
    private static readonly TransferSettings Impatient = new() { Stall = TimeSpan.FromSeconds(5), Attempts = 2, Pause = TimeSpan.FromMilliseconds(10) };
    private static readonly string Joe = $"Basic {Convert.ToBase64String("joe:p@ss/wörd"u8)}";

    private readonly TemporaryStore _store = new();
    private readonly FaultyServer _own = new() { ContentType = "text/html", Tag = "\"1\"", Authorization = Joe };
    private readonly FaultyServer _other = new() { ContentType = "text/html" };

    public void Dispose()
    {
        _own.Dispose();
        _other.Dispose();
        _store.Dispose();
    }

    private string Private => _own.Address.AbsoluteUri.Replace("http://", "http://joe:p%40ss%2Fw%C3%B6rd@", StringComparison.Ordinal);

    [Fact]
    public async Task Page_metadata_parts_and_wheel_are_asked_for_with_the_name_in_the_indexs_address()
    {
        var wheel = Wheel("one", "1.0", "two");
        _own.Files["one/one-1.0-py3-none-any.whl"] = wheel;
        _own.Files["one/"] = Encoding.UTF8.GetBytes($"<a href='one-1.0-py3-none-any.whl#sha256={Convert.ToHexStringLower(SHA256.HashData(wheel))}'>x</a>");
        _own.Files["two/two-1.0-py3-none-any.whl"] = Wheel("two", "1.0");
        _own.Files["two/two-1.0-py3-none-any.whl.metadata"] = "Metadata-Version: 2.1\nName: two\nVersion: 1.0\n"u8.ToArray();
        _own.Files["two/"] = "<a href='two-1.0-py3-none-any.whl' data-core-metadata='true'>x</a>"u8.ToArray();
        var (chosen, access) = await ResolveAsync(new RequirementsFile { Index = Private }, "one");
        Assert.All(chosen, one => Assert.Equal((_own.Address, ""), (one.Index!, one.File!.Address.UserInfo)));
        await PythonDownload.AllAsync(_store.Store, [.. chosen.Select(static one => one.File!)], access, null, Impatient, TestContext.Current.CancellationToken);
        Assert.All(_own.Requests, static request => Assert.Equal(Joe, request.Headers["Authorization"]));
        Assert.Superset(new HashSet<(string, int)> { ("one/", 200), ("two/two-1.0-py3-none-any.whl.metadata", 200), ("one/one-1.0-py3-none-any.whl", 206), ("one/one-1.0-py3-none-any.whl", 200), ("two/two-1.0-py3-none-any.whl", 200) },
            _own.Requests.Select(static request => (request.Path, request.Status)).ToHashSet());
    }

    [Fact]
    public async Task A_redirection_takes_the_name_along_to_the_same_host_and_to_no_other()
    {
        _own.Misbehave = (path, _) => path switch
        {
            "one/" => new Fault { Status = 302, Location = "/debian/elsewhere/one/" },
            "elsewhere/one/" => new Fault { Status = 307, Location = $"{_other.Address.AbsoluteUri.Replace("http://", "http://joe:secret@", StringComparison.Ordinal)}one/" },
            _ => null,
        };
        _other.Files["one/"] = "<a href='one-1.0-py3-none-any.whl'>x</a>"u8.ToArray();
        _other.Files["one/one-1.0-py3-none-any.whl"] = Wheel("one", "1.0");
        var (chosen, _) = await ResolveAsync(new RequirementsFile { Index = Private }, "one");
        // Links are meant from where the page was found.
        Assert.Equal(new Uri(_other.Address, "one/one-1.0-py3-none-any.whl"), Assert.Single(chosen).File!.Address);
        Assert.Equal([("one/", Joe), ("elsewhere/one/", Joe)], _own.Requests.Select(static request => (request.Path, request.Headers["Authorization"])));
        Assert.NotEmpty(_other.Requests);
        Assert.DoesNotContain(_other.Requests, static request => request.Headers.ContainsKey("Authorization"));
    }

    [Fact]
    public async Task Other_hosts_and_other_ports_are_not_told()
    {
        _own.Files["one/"] = Encoding.UTF8.GetBytes($"<a href='{_other.Address}one-1.0-py3-none-any.whl'>x</a>");
        _other.Files["one-1.0-py3-none-any.whl"] = Wheel("one", "1.0");
        await ResolveAsync(new RequirementsFile { Index = Private }, "one");
        Assert.NotEmpty(_other.Requests);
        Assert.DoesNotContain(_other.Requests, static request => request.Headers.ContainsKey("Authorization"));
    }

    [Fact]
    public async Task A_redirection_without_an_end_is_told()
    {
        _own.Misbehave = static (path, _) => new Fault { Status = 301, Location = path == "one/" ? "/debian/two/" : "/debian/one/" };
        var failure = await Assert.ThrowsAnyAsync<MayflyException>(() => ResolveAsync(new RequirementsFile { Index = Private }, "one"));
        Assert.Equal($"{_own.Address}one/ cannot be read: it leads from one place to the next, and after 30 to none", failure.Message);
    }

    [Theory]
    [InlineData("", "wants a name and a password")]
    [InlineData("joe:wrong@", "does not accept the name and the password that it was told")]
    public async Task An_index_that_is_told_nothing_or_the_wrong_thing_is_named(string login, string why)
    {
        var failure = await Assert.ThrowsAnyAsync<MayflyException>(() => ResolveAsync(new RequirementsFile { Index = _own.Address.AbsoluteUri.Replace("http://", $"http://{login}", StringComparison.Ordinal) }, "one"));
        Assert.Equal($"{_own.Address}one/ cannot be read: {_own.Address.Authority} {why}", failure.Message);
        Assert.Equal("write them into the address, as in https://NAME:PASSWORD@HOST/simple/ (other signs than letters and digits as %40), or into ~/.netrc: machine HOST login NAME password PASSWORD", failure.Hint);
    }

    [Fact]
    [Trait("needs", "oracle")]
    public void Addresses_are_shown_as_pip_shows_them()
    {
        string[] addresses = ["https://joe:secret@host/simple/", "https://joe:s:e@cret@host:8080/x?y=@z", "http://token@host/", "http://:secret@host/", "http://joe:@host/", "https://host/a@b", "https://host", "file:///a@b/c", "https://host/x?a=joe:b@c"];
        var verdicts = Ask("import glob, sys, json; sys.path[:0] = glob.glob('/usr/share/python-wheels/pip-*.whl'); from pip._internal.utils.misc import redact_auth_from_url; print(json.dumps([redact_auth_from_url(a) for a in sys.argv[1:]], separators=(' ', '')))", addresses);
        Assert.Equal(verdicts, $"[{string.Join(' ', addresses.Select(static address => $"\"{Login.Shown(address)}\""))}]");
        Assert.Equal("git+ssh://git@host/a.git", Login.Shown("git+ssh://git@host/a.git"));
        Assert.Equal("a @ https://joe:****@host/a.whl is not there, nor https://x:****@y/", new MayflyException("a @ https://joe:pw@host/a.whl is not there, nor https://x:y@y/").Message);
    }

    [Theory]
    [InlineData("machine a.test login joe password secret\nmachine b.test login jane password \"a b\\\"c\"\n")]
    [InlineData("default login any password thing\n")]
    [InlineData("# of mine: machine c.test\nmachine\ta.test\n\tlogin joe\n\tpassword #1\nmacdef init\ncd /tmp\nmachine b.test login x password y\n\nmachine b.test account acc password pw\ndefault login anonymous password me@\n")]
    [InlineData("machine a.test password only\nmachine b.test login x\n")]
    [InlineData("machine a.test login machine password login machine b.test user u password p\n")]
    [InlineData("machine a.test login joe password \\\"x\\\\y\n")]
    [Trait("needs", "oracle")]
    public void A_netrc_says_what_Python_reads_in_it(string text)
    {
        var path = $"{_store.Store.Root}/netrc";
        File.WriteAllText(path, text);
        string[] hosts = ["a.test", "b.test", "c.test"];
        var verdict = Ask("import netrc, sys; n = netrc.netrc(sys.argv[1]); print([None if not (one := n.authenticators(host)) else (one[0] or one[1], one[2]) for host in sys.argv[2:]])", [path, .. hosts]);
        var netrc = Netrc.Read(text);
        Assert.Equal(verdict, $"[{string.Join(", ", hosts.Select(host => netrc.For(new Uri($"https://{host}/"), redirected: false) is { } login ? $"({Quoted(login.Name)}, {Quoted(login.Password)})" : "None"))}]");
        // What is for any host is not for one that another one leads to.
        Assert.Equal(text.Contains("machine a.test", StringComparison.Ordinal) || text.Contains("machine\ta.test", StringComparison.Ordinal), netrc.For(new Uri("https://a.test/"), redirected: true) is not null);

        static string Quoted(string text) => text.Contains('\'', StringComparison.Ordinal) ? throw new ArgumentException(text) : $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal)}'";
    }

    [Theory]
    [InlineData("machine\n")]
    [InlineData("machine a.test login\n")]
    [InlineData("hello\n")]
    public void What_is_no_netrc_is_none(string text) => Assert.Throws<FormatException>(() => Netrc.Read(text));

    private async Task<(IReadOnlyList<ChosenDistribution> Chosen, NetworkAccess Access)> ResolveAsync(RequirementsFile file, string wanted)
    {
        var sources = PythonRequirements.Of(file, new PythonSources(), PythonResolutionTests.Target).Sources;
        return (await PythonResolution.ResolveAsync(_store.Store, [DependencySpecifier.Parse(wanted)], PythonResolutionTests.Target, sources, settings: Impatient, cancellationToken: TestContext.Current.CancellationToken), sources.Access);
    }

    private byte[] Wheel(string project, string version, params string[] needs) => File.ReadAllBytes(WheelFile.Write(_store.Store.Root, project, version, new Dictionary<string, string> { [$"{project}.py"] = new('#', 5000) }, true, needs));

    private static string Ask(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", program, .. arguments]) { RedirectStandardOutput = true })!;
        return process.StandardOutput.ReadToEnd().Trim();
    }
}
