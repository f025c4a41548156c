using Mayfly.Linux;
using Mayfly.Machines.Local;
using Mayfly.Packages;

namespace Mayfly.Machines.Tests.Local;

[Trait("needs", "root")]
public sealed class VolumesTests : IAsyncLifetime
{
    private readonly LocalHost _host = new();

    [Fact]
    public async Task A_volume_begins_with_what_the_image_has_there_and_outlives_instances()
    {
        var spec = _host.Spec("db", "/bin/sh", "-c", "ls /etc/cron.daily | head -1; stat -c '%U:%G %a' /etc/cron.daily /data; echo kept >> /data/f; cat /data/f") with
        {
            User = "www-data",
            Volumes = [new VolumeUse("cron", "/etc/cron.daily", "www-data:mail", 0b111_101_000), new VolumeUse("data", "/data", "www-data", 0b111_000_000)],
        };
        var first = LocalHost.Sh($"ls {LocalHost.BaseTree}/etc/cron.daily | head -1");
        Assert.NotEqual("", first);
        var label = _host.Label(spec);
        await _host.Runtime.StartAsync(label, CancellationToken.None);
        await _host.Runtime.WaitAsync(label.Id, CancellationToken.None);
        Assert.Equal($"{first}\nwww-data:mail 750\nwww-data:www-data 700\nkept", await _host.OutputAsync(label.Id));
        await _host.Runtime.DeleteAsync(label.Id, CancellationToken.None, log: true);
        await _host.Runtime.StartAsync(label, CancellationToken.None);
        await _host.Runtime.WaitAsync(label.Id, CancellationToken.None);
        Assert.EndsWith("\nkept\nkept", await _host.OutputAsync(label.Id), StringComparison.Ordinal);
        Assert.Equal(["cron", "data"], _host.Volumes.List(_host.Stack).Select(volume => volume.Name));
        _host.Volumes.Remove(_host.Stack);
        Assert.Empty(_host.Volumes.List(_host.Stack));
    }

    [Fact]
    public async Task A_copy_is_of_one_moment_and_seen_by_its_view_alone()
    {
        // b is written after a, so at no moment is it ahead, nor more than one behind.
        var writer = await _host.StartAsync(_host.Spec("db", "/usr/bin/perl", "-e",
            "my $n = 0; $| = 1; open my $a, '>', '/a/n'; open my $b, '>', '/b/n'; while (1) { $n++; for ($a, $b) { sysseek $_, 0, 0; syswrite $_, sprintf('%010d', $n); } }") with
        {
            Volumes = [new VolumeUse("a", "/a", "nobody"), new VolumeUse("b", "/b", "nobody")],
        });
        string Live(string volume) => Path.Combine(_host.Volumes.PathOf(_host.Stack, Volumes.Live, volume), "n");
        await RuntimeTests.Eventually(() => Task.FromResult(File.Exists(Live("b")) && new FileInfo(Live("b")).Length > 0));
        for (var n = 0; n < 5; n++)
        {
            await _host.Volumes.CopyAsync(_host.Stack, "trial", CancellationToken.None);
            var (a, b) = (Read("a"), Read("b"));
            Assert.InRange(a - b, 0, 1);
            // And the writer goes on.
            await RuntimeTests.Eventually(() => Task.FromResult(long.Parse(File.ReadAllText(Live("b")), System.Globalization.CultureInfo.InvariantCulture) > b));
        }

        var label = _host.Label(_host.Spec("look", "/bin/sh", "-c", "cat /a/n; echo; echo changed > /a/n") with { Volumes = [new VolumeUse("a", "/a", "nobody")] }, view: "trial");
        await _host.Runtime.StartAsync(label, CancellationToken.None);
        await _host.Runtime.WaitAsync(label.Id, CancellationToken.None);
        Assert.StartsWith("0", await _host.OutputAsync(label.Id), StringComparison.Ordinal);
        Assert.NotEqual("changed", File.ReadAllText(Live("a")).Trim());
        _host.Volumes.RemoveView(_host.Stack, "trial");
        Assert.False(Directory.Exists(Path.Combine(_host.Store.PathOf(StoreArea.Stacks, _host.Stack), "views", "trial")));
        Assert.Equal(RunPhase.Running, _host.Runtime.Find(writer.Id)!.Phase);

        long Read(string volume) => long.Parse(File.ReadAllText(Path.Combine(_host.Volumes.PathOf(_host.Stack, "trial", volume), "n")), System.Globalization.CultureInfo.InvariantCulture);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("/dev/shm")]
    public async Task A_copy_in_memory_and_one_on_the_disk_are_alike_and_leave_nothing(string? memory)
    {
        var volumes = new Volumes(_host.Store, _host.RunFolder, memory);
        var live = volumes.PathOf(_host.Stack, Volumes.Live, "a");
        Directory.CreateDirectory(live);
        File.WriteAllText(Path.Combine(live, "n"), "1");
        await volumes.CopyAsync(_host.Stack, "trial", CancellationToken.None);
        var copy = volumes.PathOf(_host.Stack, "trial", "a");
        var place = Path.GetDirectoryName(Path.GetDirectoryName(copy))!;
        var first = Target();
        Assert.Equal(memory, Path.GetDirectoryName(first));
        // Made again, the earlier one goes; and one whose maker was killed while it copied is found.
        await volumes.CopyAsync(_host.Stack, "trial", CancellationToken.None);
        Assert.Equal("1", File.ReadAllText(Path.Combine(copy, "n")));
        Assert.False(Directory.Exists(first));
        var second = Target();
        Files.Rename(place, place + ".partial");
        volumes.RemoveView(_host.Stack, "trial");
        Assert.False(Directory.Exists(second));
        Assert.False(Directory.Exists(Path.GetDirectoryName(place)));
        Assert.Equal("1", File.ReadAllText(Path.Combine(live, "n")));

        string? Target() => Nodes.Read(place).Kind == NodeKind.Link ? Nodes.ReadLink(place) : null;
    }

    [Fact]
    public async Task A_copy_that_fails_lets_the_instances_go_on()
    {
        var writer = await _host.StartAsync(_host.Spec("db", "/bin/sh", "-c", "while :; do date +%s%N > /a/n; sleep 0.05; done") with { Volumes = [new VolumeUse("a", "/a", "nobody")] });
        var path = Path.Combine(_host.Volumes.PathOf(_host.Stack, Volumes.Live, "a"), "n");
        await RuntimeTests.Eventually(() => Task.FromResult(File.Exists(path)));
        // A disk too small for the copy: the store's views on a tmpfs of one page, seen by the copying thread alone.
        File.WriteAllBytes(Path.Combine(_host.Volumes.PathOf(_host.Stack, Volumes.Live, "a"), "big"), new byte[1 << 20]);
        var views = Path.Combine(_host.Store.PathOf(StoreArea.Stacks, _host.Stack), "views");
        Directory.CreateDirectory(views);
        Mounts.Mount("tmpfs", views, "tmpfs", MountFlags.None, "size=64k");
        try
        {
            var volumes = new Volumes(_host.Store, _host.RunFolder, memory: null);
            var failure = await Assert.ThrowsAsync<MayflyException>(() => volumes.CopyAsync(_host.Stack, "trial", CancellationToken.None));
            Assert.Contains("No space left", failure.Message, StringComparison.Ordinal);
        }
        finally
        {
            Mounts.Unmount(views);
        }

        var before = File.ReadAllText(path);
        await RuntimeTests.Eventually(() => Task.FromResult(File.ReadAllText(path) is var now && now.Length > 0 && now != before));
        Assert.Equal(RunPhase.Running, _host.Runtime.Find(writer.Id)!.Phase);
        Assert.Equal(0, (await _host.Runtime.ExecAsync(writer.Id, ["true"], TimeSpan.FromSeconds(20), CancellationToken.None)).ExitCode);
    }

    [Fact]
    public async Task What_a_killed_copier_left_standing_still_goes_on()
    {
        var instance = await _host.StartAsync(_host.Spec("db", "/bin/sh", "-c", "while :; do date +%s%N > /tmp/n; sleep 0.02; done"));
        var group = Bundle.ControlGroupOf(instance.Label);
        ControlGroups.OfHost().Freeze(group, frozen: true);
        _host.Volumes.Thaw(_host.Stack);
        Assert.Equal(0, (await _host.Runtime.ExecAsync(instance.Id, ["true"], TimeSpan.FromSeconds(20), CancellationToken.None)).ExitCode);
        // And what stands still can be removed with its stack.
        ControlGroups.OfHost().Freeze(group, frozen: true);
        await Leftovers.RemoveAsync(_host.Runtime, _host.Network, _host.Volumes, _host.Stack, CancellationToken.None);
        Assert.Empty(await Leftovers.FindAsync(_host.Programs, _host.Stack, CancellationToken.None, _host.RunFolder));
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
