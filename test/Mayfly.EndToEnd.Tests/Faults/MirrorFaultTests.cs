using System.Net;
using System.Net.Sockets;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.EndToEnd.Tests.Faults;

/// <summary>What a mirror can do wrong, through <c>mayfly image build</c>: nothing of it is ever unpacked.</summary>
[Collection(OnFaultGround.Name), Trait("needs", "root")]
public sealed class MirrorFaultTests(FaultGround ground)
{
    [Fact]
    public async Task A_mirror_that_is_down_is_named()
    {
        using var unused = new TcpListener(IPAddress.Loopback, 0);
        unused.Start();
        var address = new Uri($"http://{unused.LocalEndpoint}/debian/");
        unused.Stop();
        await RefusedAsync(address, null, "cannot be used", $"{address.Authority}", "refused");
    }

    [Fact]
    public async Task A_mirror_whose_name_nobody_knows_is_named()
        => await RefusedAsync(new Uri("http://mirror.invalid/debian/"), null, "mirror.invalid", "its host name is not known here");

    [Fact]
    public async Task A_mirror_that_accepts_and_never_answers_is_given_up()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var address = new Uri($"http://{silent.LocalEndpoint}/debian/");
        await RefusedAsync(address, null, $"{address.Authority}", "it gave no byte for 1 s");
    }

    [Fact]
    public async Task A_mirror_that_falls_silent_in_a_package_is_given_up()
    {
        using var server = ground.Archive.Serve((path, _) => path.EndsWith("/lib_all.deb", StringComparison.Ordinal) ? new Fault { EndAfter = 100, Stall = true, NoRanges = true } : null);
        await RefusedAsync(server.Address, null, "lib:all 1.0 cannot be fetched", server.Address.Authority, "it gave no byte for 1 s");
    }

    [Fact]
    public async Task A_package_that_breaks_off_again_and_again_is_given_up_and_the_next_run_goes_on_from_there()
    {
        var broken = true;
        using var server = ground.Archive.Serve((path, _) => broken && path.EndsWith("/lib_all.deb", StringComparison.Ordinal) ? new Fault { EndAfter = 0 } : null);
        var store = await RefusedAsync(server.Address, null, "lib:all 1.0 cannot be fetched", server.Address.Authority);
        broken = false;
        // Everything else was fetched and verified, and is not asked for again.
        var before = server.Requests.Count;
        (await FaultGround.BuildAsync(store, Configuration(server.Address), "lib")).Succeeded();
        Assert.Equal(["pool/lib_all.deb"], server.Requests.Skip(before).Select(request => request.Path).Where(path => path.StartsWith("pool/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_package_with_another_hash_is_refused()
    {
        var other = new byte[new FileInfo(Path.Combine(ground.Archive.Folder, "pool/lib_all.deb")).Length];
        using var server = ground.Archive.Serve((path, _) => path.EndsWith("/lib_all.deb", StringComparison.Ordinal) ? new Fault { Body = other } : null);
        await RefusedAsync(server.Address, null, "lib:all 1.0 cannot be fetched", server.Address.Authority, "SHA-256", "serves something else");
    }

    [Fact]
    public async Task A_package_that_is_gone_from_the_mirror_is_named()
    {
        using var server = ground.Archive.Serve((path, _) => path.EndsWith("/lib_all.deb", StringComparison.Ordinal) ? new Fault { Status = 404 } : null);
        await RefusedAsync(server.Address, null, "lib:all 1.0 cannot be fetched", "404");
    }

    [Fact]
    public async Task An_index_with_another_hash_is_refused()
    {
        var other = new byte[new FileInfo(Directory.EnumerateFiles(Path.Combine(ground.Archive.Folder, "dists/bookworm"), "Packages.gz", SearchOption.AllDirectories).Single()).Length];
        using var server = ground.Archive.Serve((path, _) => path.StartsWith("dists/bookworm/", StringComparison.Ordinal) && path.EndsWith("Packages.gz", StringComparison.Ordinal) ? new Fault { Body = other } : null);
        await RefusedAsync(server.Address, null, "the package index of bookworm main", "SHA-256");
    }

    [Fact]
    public async Task A_Release_file_that_was_changed_after_signing_is_refused()
    {
        using var server = ground.Archive.Serve((path, _) => path == "dists/bookworm/InRelease"
            ? new Fault { Body = [.. File.ReadAllText(Path.Combine(ground.Archive.Folder, path)).Replace("Label: Debian", "Label: Dubious").Select(c => (byte)c)] } : null);
        await RefusedAsync(server.Address, null, "the suite bookworm cannot be used", "was changed after signing");
    }

    [Fact]
    public async Task A_key_that_nobody_trusts_is_refused()
    {
        using var server = ground.Archive.Serve();
        await RefusedAsync(server.Address, new SigningKey(), "the suite bookworm", "is not trusted", "keys");
    }

    [Fact]
    public async Task An_expired_Release_file_is_refused()
    {
        var expired = new LocalArchive(ground.NewFolder())
        {
            EditRelease = text => text.Replace("Components:", $"Valid-Until: {LocalArchive.Stamp(DateTimeOffset.UtcNow.AddMinutes(-10))}\nComponents:", StringComparison.Ordinal),
        };
        expired.Publish();
        using var server = expired.Serve();
        await RefusedAsync(server.Address, expired.Key, "the suite bookworm", "expired");
    }

    [Fact]
    public async Task A_login_page_in_place_of_an_archive_is_refused()
    {
        using var server = ground.Archive.Serve((_, _) => new Fault { Body = [.. "<html>please log in</html>".Select(c => (byte)c)] });
        await RefusedAsync(server.Address, null, "the suite bookworm cannot be used", "does not begin with a signed message");
    }

    [Fact]
    public async Task A_plan_a_lock_and_an_up_say_the_same_of_a_mirror_that_is_down()
    {
        var environment = FaultGround.Environment(Path.Combine(ground.NewFolder(), "store"), Configuration(new Uri("http://127.0.0.1:9/debian/")));
        foreach (var verb in (string[])["plan", "lock", "up"])
        {
            (await Tool.RunAsync(Path.Combine(Tool.Repository, "mayfly"), [verb, ground.StackFolder], environment)).Refused("the suite bookworm", "127.0.0.1:9", "refused");
            Assert.False(File.Exists(Path.Combine(ground.StackFolder, "stack.lock")));
        }
    }

    /// <summary>Builds with a new store, from that address; gives the store, in which nothing but what was fetched and verified is.</summary>
    private async Task<string> RefusedAsync(Uri address, SigningKey? key, params string[] words)
    {
        var store = Path.Combine(ground.NewFolder(), "store");
        (await FaultGround.BuildAsync(store, Configuration(address, key), "lib")).Refused([.. words, "hint: "]);
        Assert.Empty(StoreState.Of(store));
        Assert.Empty(StoreState.Abandoned(store));
        return store;
    }

    private string Configuration(Uri address, SigningKey? key = null) => ground.Archive.WriteConfiguration(ground.NewFolder(), address, key);
}
