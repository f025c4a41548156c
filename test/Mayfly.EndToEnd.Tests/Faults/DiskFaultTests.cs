using System.Text.RegularExpressions;

namespace Mayfly.EndToEnd.Tests.Faults;

/// <summary>A disk that fills while it is worked on, at whatever moment: everything goes on where it stopped, once there is room.</summary>
[Collection(OnFaultGround.Name), Trait("needs", "root")]
public sealed partial class DiskFaultTests(FaultGround ground)
{
    [Fact]
    public async Task A_disk_that_fills_while_fetching_unpacking_and_building_costs_nothing_but_time()
    {
        using var host = new OwnHost();
        var disk = ground.NewFolder();
        var store = Path.Combine(disk, "store");
        await host.ShellAsync($"mount -t tmpfs -o size=1m tmpfs {disk}");
        var environment = FaultGround.Environment(store, ground.Configuration);
        var seen = new List<string>();
        // The base takes some 45 MB fetched, 150 MB unpacked, and as much again in what its scripts make.
        foreach (var size in (string[])["1m", "2m", "20m", "40m", "80m", "150m", "185m", "210m"])
        {
            await host.ShellAsync($"mount -o remount,size={size} {disk}");
            var run = await host.RunAsync(environment, Path.Combine(Tool.Repository, "mayfly"), "image", "build", "--install", "lib", "--name", "tried");
            if (run.ExitCode == 0)
                break;
            run.Refused("the disk is full", "make room");
            seen.Add(Stage().Match(run.Error) is { Success: true } stage ? stage.Value : "elsewhere");
            Assert.Equal("", await host.ShellAsync($"ls {disk}/store/tmp | grep -v ^partial- || true; grep {disk}/ /proc/self/mounts || true"));
            Assert.Equal("", await host.ShellAsync($"ls -d {disk}/store/images/* {disk}/store/tmp/turn-* 2>/dev/null || true"));
        }

        Assert.Equal(["cannot be written into the store", "cannot be unpacked", "the disk is full: the configuration of package"], seen.Distinct().Where(stage => stage != "elsewhere"));

        await host.ShellAsync($"mount -o remount,size=2g {disk}");
        var done = (await host.RunAsync(environment, Path.Combine(Tool.Repository, "mayfly"), "image", "build", "--install", "lib", "--name", "tried")).Succeeded();
        var whole = (await FaultGround.BuildAsync(ground.Store, ground.Configuration, "lib")).Succeeded();
        Assert.Equal(whole.Output, done.Output);
    }

    [Fact]
    public async Task A_lock_that_does_not_fit_on_the_disk_is_told_and_nothing_of_it_stays()
    {
        var folder = ground.NewFolder();
        using var live = new LiveFaulty(ground) { StackFolder = Path.Combine(folder, "examples/faulty") };
        await live.Host.ShellAsync($"mount -t tmpfs -o size=1m tmpfs {folder} && cp -r {ground.StackFolder}/.. {folder}/examples && ln -s {Tool.Repository}/.mayfly {folder}/.mayfly");
        await live.Host.ShellAsync($"head -c 2m /dev/zero > {folder}/filler 2>/dev/null || true");
        foreach (var verb in (string[])["lock", "up"])
        {
            (await live.MayflyAsync([verb, live.StackFolder])).Refused("stack.lock cannot be written", "the disk is full", "room");
            Assert.Equal("", await live.Host.ShellAsync($"ls {live.StackFolder} | grep lock || true"));
        }

        await live.Host.ShellAsync($"rm {folder}/filler");
        (await live.MayflyAsync(["lock", live.StackFolder])).Succeeded();

        // As of a day when one package had another version; and again there is no room.
        var path = Path.Combine(live.Host.Root + live.StackFolder, "stack.lock");
        var now = await File.ReadAllTextAsync(path);
        var then = FirstVersion().Replace(now, $"version = \"0\"$1sha256 = \"{new string('0', 64)}\"", 1);
        await File.WriteAllTextAsync(path, then);
        await live.Host.ShellAsync($"head -c 2m /dev/zero > {folder}/filler 2>/dev/null || true");
        (await live.MayflyAsync(["update", live.StackFolder, "--yes"])).Refused("stack.lock cannot be written", "the disk is full", "room");
        Assert.Equal(then, await File.ReadAllTextAsync(path));
        Assert.Equal("stack.lock", (await live.Host.ShellAsync($"ls -A {live.StackFolder} | grep lock")).Trim());
        await live.Host.ShellAsync($"rm {folder}/filler");
        (await live.MayflyAsync(["update", live.StackFolder, "--yes"])).Succeeded();
        Assert.Equal(now, await File.ReadAllTextAsync(path));
    }

    [Fact]
    public async Task A_depot_that_does_not_fit_on_the_disk_stays_what_it_was()
    {
        using var host = new OwnHost();
        var disk = ground.NewFolder();
        var (key, depot) = (Path.Combine(disk, "depot.key"), Path.Combine(disk, "depot"));
        await host.ShellAsync($"mount -t tmpfs -o size=1m tmpfs {disk} && mkdir {disk}/one {disk}/other");
        (await MayflyAsync("image", "build", "--lock", $"{disk}/one/stack.lock", "--name", "tried")).Succeeded();
        await host.ShellAsync($"cp {disk}/one/stack.lock {disk}/other/");

        await FillAsync(0);
        (await MayflyAsync("depot", "key", key)).Refused($"the key {key} cannot be written", "the disk is full");
        Assert.Equal("", await host.ShellAsync($"ls -A {disk} | grep key || true"));
        await EmptyAsync();
        (await MayflyAsync("depot", "key", key)).Succeeded();

        foreach (var size in (string[])["2m", "20m"])
        {
            await host.ShellAsync($"mount -o remount,size={size} {disk}");
            await RefusedAsync("one");
            Assert.Equal("", await host.ShellAsync($"ls -d {depot}/dists 2>/dev/null || true"));
        }

        await host.ShellAsync($"mount -o remount,size=1g {disk}");
        (await MayflyAsync("depot", "publish", $"{disk}/one", "--to", depot, "--key", key)).Succeeded();
        var (before, refused) = (await StateAsync(), 0);
        foreach (var left in (int[])[0, 4, 8, 16, 32, 64, 96, 128, 256, 100_000])
        {
            await FillAsync(left);
            var run = await MayflyAsync("depot", "publish", $"{disk}/other", "--to", depot, "--key", key);
            await EmptyAsync();
            if (run.ExitCode == 0)
                break;
            refused++;
            Full(run);
            Assert.Equal(before, await StateAsync());
        }

        Assert.True(refused > 2, $"only {refused} were refused");
        Assert.Contains("2 locks", (await MayflyAsync("depot", "verify", depot)).Succeeded().Output, StringComparison.Ordinal);

        Task<Ended> MayflyAsync(params string[] words) => host.RunAsync(FaultGround.Environment(ground.Store, ground.Configuration), Path.Combine(Tool.Repository, "mayfly"), words);

        Task FillAsync(int left) => host.ShellAsync($"head -c $(( ($(df --output=avail -k {disk} | tail -1) - {left}) * 1024 )) /dev/zero > {disk}/filler 2>/dev/null || true");

        Task EmptyAsync() => host.ShellAsync($"rm {disk}/filler");

        async Task RefusedAsync(string stack) => Full(await MayflyAsync("depot", "publish", $"{disk}/{stack}", "--to", depot, "--key", key));

        void Full(Ended run) => run.Refused($"the depot {depot} cannot be written: the disk is full", "make room there");

        Task<string> StateAsync() => host.ShellAsync($"cd {depot} && find . -type f ! -path ./.mayfly/lock -exec sha256sum {{}} + | sort -k 2");
    }

    [Fact]
    public async Task A_full_disk_under_a_live_stack_takes_nothing_down_and_the_next_up_goes_on()
    {
        var disk = ground.NewFolder();
        using var live = new LiveFaulty(ground) { Store = Path.Combine(disk, "store") };
        // A copy of what is fetched and unpacked; the layers are hard links into it.
        await live.Host.ShellAsync($"mount -t tmpfs -o size=1g tmpfs {disk} && cp -a {ground.Store} {disk}/store");
        (await live.UpAsync()).Succeeded();
        var before = await live.StartedAsync();
        var refused = 0;
        foreach (var left in (string[])["0", "16", "64", "200", "1000"])
        {
            await live.Host.ShellAsync($"sync; head -c $(( ($(df --output=avail -k {disk} | tail -1) - {left}) * 1024 )) /dev/zero > {disk}/filler 2>/dev/null || true");
            var run = await live.UpAsync("WORD=other");
            Assert.Equal(before.Count, (await live.StartedAsync()).Count);
            if (run.ExitCode != 0)
            {
                refused++;
                run.Refused("the disk is full", "room");
                Assert.Equal("hello", await live.Host.GetAsync(LiveFaulty.Port));
                Assert.Equal(before, await live.StartedAsync());
            }

            await live.Host.ShellAsync($"rm {disk}/filler");
            if (run.ExitCode == 0)
                break;
        }

        Assert.True(refused > 0, "there was always room");
        (await live.UpAsync("WORD=other")).Succeeded();
        Assert.Equal("other", await live.Host.GetAsync(LiveFaulty.Port));
    }

    [GeneratedRegex("cannot be (written into the store|unpacked)|the disk is full: the configuration of package")]
    private static partial Regex Stage();

    [GeneratedRegex("(?<=^\"[^\"]+\" = { )version = \"[^\"]*\"(.*)sha256 = \"[0-9a-f]{64}\"", RegexOptions.Multiline)]
    private static partial Regex FirstVersion();
}
