using System.Diagnostics;
using System.Security.Cryptography;
using Mayfly.Images.Tests.Crash;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.EndToEnd.Tests.Faults;

/// <summary>
/// Whatever goes wrong in <c>mayfly image build</c>, a store that has something is afterwards what it was, to the byte: no layer, image or name
/// more, less or other. What was fetched or unpacked whole may have come to it.
/// </summary>
[Collection(OnFaultGround.Name), Trait("needs", "root")]
public sealed class WholeOrNotTests(FaultGround ground)
{
    [Fact]
    public async Task A_package_that_was_altered_in_the_mirror()
    {
        var body = File.ReadAllBytes(Path.Combine(ground.Archive.Folder, "pool/heavy_all.deb"));
        body[^40] ^= 1;
        using var server = ground.Archive.Serve((path, _) => path.EndsWith("/heavy_all.deb", StringComparison.Ordinal) ? new Fault { Body = body } : null);
        await RefusedAsync("heavy", server.Address, "heavy:all 1.0 cannot be fetched", "SHA-256", "serves something else");
    }

    [Fact]
    public async Task A_download_that_is_cut_short_each_time()
    {
        using var server = ground.Archive.Serve((path, _) => path.EndsWith("/heavy_all.deb", StringComparison.Ordinal) ? new Fault { EndAfter = 200, NoRanges = true } : null);
        await RefusedAsync("heavy", server.Address, "heavy:all 1.0 cannot be fetched", server.Address.Authority);
    }

    [Fact]
    public async Task A_package_that_was_altered_in_the_store()
    {
        var store = await StoreAsync();
        var before = StoreDigest.Of(store);
        // Fetched once, and altered since, as a failing disk does it.
        var body = File.ReadAllBytes(Path.Combine(ground.Archive.Folder, "pool/heavy_all.deb"));
        var hash = Convert.ToHexStringLower(SHA256.HashData(body));
        body[^40] ^= 1;
        File.WriteAllBytes(Path.Combine(store, "artifacts", hash), body);
        (await FaultGround.BuildAsync(store, ground.Configuration, "heavy")).Refused("the store's copy of heavy:all 1.0 was damaged", $"instead of {hash}");
        Same(before, StoreDigest.Of(store));
        Assert.Empty(StoreState.Abandoned(store));
        (await FaultGround.BuildAsync(store, ground.Configuration, "heavy")).Succeeded();
    }

    [Fact]
    public async Task A_script_that_fails()
        => await RefusedAsync("fails", null, "the configuration of package fails failed (exit code 1)", "about to fail", "exit status 7");

    [Fact]
    public async Task A_tree_that_was_to_be_kept_fails_again_by_the_command_shown_until_it_is_pruned()
    {
        var store = await StoreAsync();
        var before = StoreDigest.Of(store);
        var told = (await FaultGround.MayflyAsync(store, ground.Configuration, "image", "build", "--install", "fails", "--name", "tried", "--keep-failed"))
            .Refused("about to fail", "the half-built tree is kept; this fails in it again:", "`mayfly prune` removes it");
        Same(before, [.. StoreDigest.Of(store).Where(static line => !line.StartsWith("failed/", StringComparison.Ordinal))]);
        Assert.Empty(StoreState.Abandoned(store));

        var command = told.Error.Split("this fails in it again:\n")[1].Split('\n')[0].Trim();
        var kept = Assert.Single(Directory.GetDirectories(Path.Combine(store, "failed")));
        Assert.StartsWith($"{kept}/enter ", command, StringComparison.Ordinal);
        var again = await Tool.RunAsync("/bin/sh", "-c", command);
        Assert.NotEqual(0, again.ExitCode);
        Assert.Contains("about to fail\n", again.Output, StringComparison.Ordinal);
        Assert.Contains("installed fails package post-installation script subprocess returned error exit status 7", again.Error, StringComparison.Ordinal);
        Assert.Equal("half\n", (await Tool.RunAsync($"{kept}/enter", "cat", "/etc/half")).Succeeded().Output);

        (await FaultGround.MayflyAsync(store, ground.Configuration, "prune")).Succeeded();
        Assert.False(Directory.Exists(kept));
    }

    [Theory]
    [InlineData("0m", "the disk is full", "make room")]
    [InlineData("8m", "the configuration of package fills failed", "No space left on device", "nothing was changed")]
    public async Task A_disk_that_is_full(string room, params string[] words) => await OnSmallDiskAsync(room, words);

    [Fact]
    public async Task A_disk_that_is_full_when_the_layer_is_taken_in()
    {
        using var host = new OwnHost();
        var (disk, store) = await DiskAsync(host, "300m");
        var before = StoreDigest.Of(host.Root + store);
        using var build = host.Start(FaultGround.Environment(store, ground.Configuration), Path.Combine(Tool.Repository, "mayfly"), "image", "build", "--install", "heavy", "--name", "tried");
        var error = build.StandardError.ReadToEndAsync();
        // Its tree is complete and being hashed: from now on there is no room for the note of what it is.
        await host.ShellAsync($"until ls -d {store}/tmp/*/layer/tree; do [ -d /proc/{build.Id} ] || exit 1; done; mount -o remount,size=$(( $(df --output=used -k {disk} | tail -1) ))k {disk}");
        await build.WaitForExitAsync();
        new Ended(build.ExitCode, "", await error).Refused("the layer 'packages heavy' cannot be made in the store", "the disk is full", "make room");
        Assert.Equal("", await host.ShellAsync($"ls {store}/tmp"));
        Same(before, StoreDigest.Of(host.Root + store));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Killed_while_a_script_runs(bool withAllItStarted)
    {
        var store = await StoreAsync();
        var before = StoreDigest.Of(store);
        using (var build = Build(store, "waits"))
        {
            // The script's own file says that it runs.
            await UntilAsync(build, () => Work(store, "*/etc/half"));
            build.Kill(withAllItStarted);
            await build.WaitForExitAsync();
        }

        await LeftAsync(store, before);
    }

    [Fact]
    public async Task Killed_while_a_layer_is_taken_in()
    {
        var store = await StoreAsync();
        var before = StoreDigest.Of(store);
        using (var build = Build(store, "heavy"))
        {
            await UntilAsync(build, () => Work(store, "layer/tree"));
            build.Kill(entireProcessTree: true);
            await build.WaitForExitAsync();
        }

        await LeftAsync(store, before);
    }

    /// <summary>The store is as before, also for the next command, which clears away what the dead one was at.</summary>
    private async Task LeftAsync(string store, IReadOnlyList<string> before)
    {
        Same(before, StoreDigest.Of(store));
        Assert.DoesNotContain(store, await File.ReadAllTextAsync("/proc/self/mounts"));
        for (var tries = 0; tries < 100 && Users(store).Any(); tries++)
            await Task.Delay(100);
        Assert.Empty(Users(store));
        (await FaultGround.MayflyAsync(store, ground.Configuration, "image", "list")).Succeeded();
        Assert.Empty(StoreState.Abandoned(store));
        Same(before, StoreDigest.Of(store));
        Assert.Equal((await FaultGround.BuildAsync(ground.Store, ground.Configuration, "lib")).Succeeded().Output, (await FaultGround.BuildAsync(store, ground.Configuration, "lib")).Succeeded().Output);
    }

    private async Task OnSmallDiskAsync(string room, string[] words)
    {
        using var host = new OwnHost();
        var (_, store) = await DiskAsync(host, room);
        var before = StoreDigest.Of(host.Root + store);
        (await host.RunAsync(FaultGround.Environment(store, ground.Configuration), Path.Combine(Tool.Repository, "mayfly"), "image", "build", "--install", "fills", "--name", "tried")).Refused(words);
        Same(before, StoreDigest.Of(host.Root + store));
        Assert.Equal("", await host.ShellAsync($"ls {store}/tmp | grep -v ^partial- || true"));
    }

    /// <summary>A store in memory, with a base and this much room more.</summary>
    private async Task<(string Disk, string Store)> DiskAsync(OwnHost host, string room)
    {
        var disk = ground.NewFolder();
        await host.ShellAsync($"mount -t tmpfs -o size=1g tmpfs {disk} && cp -a {ground.Store} {disk}/store && mount -o remount,size=$(( $(df --output=used -k {disk} | tail -1) + {room.TrimEnd('m')} * 1024 ))k {disk}");
        return (disk, Path.Combine(disk, "store"));
    }

    private async Task RefusedAsync(string package, Uri? mirror, params string[] words)
    {
        var store = await StoreAsync();
        var configuration = mirror is null ? ground.Configuration : ground.Archive.WriteConfiguration(ground.NewFolder(), mirror);
        var before = StoreDigest.Of(store);
        (await FaultGround.BuildAsync(store, configuration, package)).Refused(words);
        Same(before, StoreDigest.Of(store));
        Assert.Empty(StoreState.Abandoned(store));
    }

    /// <summary>A store with a base, whose files are the other store's inodes: what would alter one of them is found out too.</summary>
    private async Task<string> StoreAsync()
    {
        var store = Path.Combine(ground.NewFolder(), "store");
        (await Tool.RunAsync("cp", "-al", ground.Store, store)).Succeeded();
        return store;
    }

    private static void Same(IReadOnlyList<string> before, IReadOnlyList<string> after)
    {
        // What was seen of a mirror is noted anew each time.
        Assert.Equal([], before.Except(after).Where(static line => !line.StartsWith("indexes/seen-", StringComparison.Ordinal)));
        Assert.Equal([], after.Except(before).Where(static line => line.Split('/')[0] is not ("artifacts" or "unpacked" or "indexes")));
    }

    private static IEnumerable<int> Users(string store)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var process) && process != Environment.ProcessId && Root(folder)?.StartsWith(store, StringComparison.Ordinal) == true)
                yield return process;
        }

        static string? Root(string folder)
        {
            try
            {
                return new FileInfo($"{folder}/root").LinkTarget;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null; // it has ended
            }
        }
    }

    private Process Build(string store, string package)
        => Tool.Start(Path.Combine(Tool.Repository, "mayfly"), ["image", "build", "--install", package, "--name", "tried"], FaultGround.Environment(store, ground.Configuration));

    private static bool Work(string store, string path)
        => Directory.EnumerateDirectories(Path.Combine(store, "tmp"), "*-layer-*").Any(folder => path.StartsWith("*/", StringComparison.Ordinal)
            ? Directory.EnumerateDirectories(folder).Any(phase => File.Exists(Path.Combine(phase, path[2..]))) : Path.Exists(Path.Combine(folder, path)));

    private static async Task UntilAsync(Process build, Func<bool> condition)
    {
        while (!condition())
        {
            Assert.False(build.HasExited, "it ended before it could be killed");
            await Task.Delay(1);
        }
    }
}
