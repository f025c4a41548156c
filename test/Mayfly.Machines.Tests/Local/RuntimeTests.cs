using Mayfly.Machines.Local;
using Mayfly.Packages;

namespace Mayfly.Machines.Tests.Local;

[Trait("needs", "root")]
public sealed class RuntimeTests : IAsyncLifetime
{
    private readonly LocalHost _host = new();

    [Fact]
    public async Task An_instance_runs_to_its_end_and_leaves_its_exit_code_and_log()
    {
        var instance = await _host.StartAsync(_host.Spec("hello", "/bin/sh", "-c", "echo out; echo err >&2; exit 7"));
        var exit = await _host.Runtime.WaitAsync(instance.Id, CancellationToken.None);
        Assert.Equal(7, exit.Code);
        Assert.False(exit.OutOfMemory);
        Assert.Equal(RunPhase.Ended, _host.Runtime.Find(instance.Id)!.Phase);
        var lines = new List<LogLine>();
        await foreach (var line in InstanceLog.ReadAsync(InstanceLog.PathOf(_host.Store, _host.Stack, instance.Id), "hello-1", null, follow: false, CancellationToken.None))
            lines.Add(line);
        Assert.Equal([("out", false), ("err", true)], lines.OrderBy(line => line.Error).Select(line => (line.Text, line.Error)));
        Assert.InRange(DateTimeOffset.UtcNow - lines[0].Time, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task It_has_no_capabilities_no_new_privileges_and_a_filter()
    {
        var (code, output) = await _host.RunAsync("cat /proc/self/status; id -u; cat /proc/sys/net/ipv4/ip_unprivileged_port_start; unshare -r true 2>&1; mount -t tmpfs x /tmp 2>&1; echo end");
        Assert.Equal(0, code);
        foreach (var set in (string[])["Inh", "Prm", "Eff", "Bnd", "Amb"])
            Assert.Contains($"Cap{set}:\t0000000000000000", output, StringComparison.Ordinal);
        Assert.Contains("NoNewPrivs:\t1", output, StringComparison.Ordinal);
        Assert.Contains("Seccomp:\t2", output, StringComparison.Ordinal);
        Assert.Contains("\n65534\n0\nunshare: unshare failed: Operation not permitted\n", output, StringComparison.Ordinal);
        Assert.Contains("mount: ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Not_even_its_root_reaches_what_tells_about_or_changes_the_host()
    {
        var (_, output) = await _host.RunAsync(spec => spec with { User = "root" }, """
            (echo x > /proc/sys/kernel/hostname) 2>/dev/null && echo sysctl
            (echo b > /proc/sysrq-trigger) 2>/dev/null && echo sysrq
            mkdir /sys/fs/x 2>/dev/null && echo sysfs
            mknod /tmp/sda b 8 0 2>/dev/null && echo device
            test -s /proc/keys && echo keys
            head -c1 /proc/kcore 2>/dev/null | grep -q . && echo memory
            chown nobody /etc/passwd 2>/dev/null && echo chown
            dmesg 2>/dev/null && echo dmesg
            hostname other 2>/dev/null && echo hostname
            ls -d /proc/[0-9]* | wc -l
            """);
        Assert.InRange(int.Parse(output, System.Globalization.CultureInfo.InvariantCulture), 1, 4); // its own processes and nothing else
    }

    [Fact]
    public async Task A_capability_is_kept_when_it_is_asked_for()
    {
        var (_, output) = await _host.RunAsync(spec => spec with { User = "nobody", Capabilities = ["CAP_CHOWN"] }, "grep CapEff /proc/self/status; touch /tmp/a && chown 12:34 /tmp/a && stat -c %u:%g /tmp/a");
        Assert.Equal("CapEff:\t0000000000000001\n12:34", output);
    }

    [Fact]
    public async Task It_sees_its_names_user_environment_and_directories()
    {
        var secret = Path.Combine(_host.Store.PathOf(StoreArea.Stacks, _host.Stack), "secrets");
        Directory.CreateDirectory(secret);
        File.WriteAllText(Path.Combine(secret, "pass"), "s3cret@/\n");
        var spec = _host.Spec("web", "/bin/sh", "-c", """
            hostname; cat /etc/hostname; cat /etc/resolv.conf; getent hosts web-1 | xargs; id -un; id -Gn; pwd; echo "$A $HOME $DB"
            stat -c '%U %G %a %n' /run/app /run/app/deep /etc/key; cat /etc/key; grep -c ' /etc/key tmpfs' /proc/mounts; echo x > /run/app/deep/f && echo ok
            """) with
        {
            User = "www-data",
            Environment = new Dictionary<string, string> { ["A"] = "b c" },
            WorkingDirectory = "/var/mail",
            RuntimeDirectories = [new("/run/app/deep", "www-data:www-data", 0b111_000_000), new("/run/app", "root:mail", 0b111_101_101)],
            Secrets = [new("pass", "DB", null, "postgres://u:{secret}@db/x"), new("pass", null, "/etc/key", "key={secret}")],
        };
        var instance = await _host.StartAsync(spec);
        Assert.Equal(0, (await _host.Runtime.WaitAsync(instance.Id, CancellationToken.None)).Code);
        Assert.Equal($"""
            web-1
            web-1
            nameserver 169.254.53.53
            search {_host.Stack}.internal
            options timeout:2 attempts:4
            {instance.Label.Address} web-1.{_host.Stack}.internal web-1
            www-data
            www-data
            /var/mail
            b c /var/www postgres://u:s3cret%40%2F@db/x
            root mail 755 /run/app
            www-data www-data 700 /run/app/deep
            www-data www-data 400 /etc/key
            key=s3cret@/1
            ok
            """, await _host.OutputAsync(instance.Id));
        // The secret is on no disk of the host but in its own file and what only root can read.
        Assert.Equal("", LocalHost.Sh($"grep -rl s3cret {_host.Root} {_host.RunFolder} | grep -v -e /secrets/pass -e config.json -e /logs/"));
        Assert.Equal("700", LocalHost.Sh($"stat -c %a {_host.RunFolder}/instances/{instance.Id}"));
    }

    [Fact]
    public async Task Prepare_commands_run_before_it_as_its_user_and_a_failing_one_ends_it()
    {
        var spec = _host.Spec("prep", "/bin/sh", "-c", "echo main; echo $$") with { Prepare = [["/bin/sh", "-c", "echo \"it's $(id -un)\""], ["echo", "a  b", "$HOME"]] };
        var instance = await _host.StartAsync(spec);
        Assert.Equal(0, (await _host.Runtime.WaitAsync(instance.Id, CancellationToken.None)).Code);
        Assert.Equal("it's nobody\na  b $HOME\nmain\n1", await _host.OutputAsync(instance.Id));

        var failing = await _host.StartAsync(spec with { Component = "bad", Prepare = [["/bin/sh", "-c", "exit 5"]] });
        Assert.Equal(5, (await _host.Runtime.WaitAsync(failing.Id, CancellationToken.None)).Code);
        Assert.Equal("", await _host.OutputAsync(failing.Id));
    }

    [Fact]
    public async Task Commands_run_inside_as_its_user_and_end_with_their_code_or_by_timeout()
    {
        var instance = await _host.StartAsync(_host.Spec("svc", "/bin/sleep", "1000") with { Environment = new Dictionary<string, string> { ["A"] = "b" } });
        var result = await _host.Runtime.ExecAsync(instance.Id, ["/bin/sh", "-c", "id -un; echo $A; echo oops >&2; grep CapEff /proc/self/status; exit 3"], null, CancellationToken.None);
        Assert.Equal(new CommandResult(3, "nobody\nb\noops\nCapEff:\t0000000000000000\n"), result);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(124, (await _host.Runtime.ExecAsync(instance.Id, ["sleep", "900"], TimeSpan.FromSeconds(1), CancellationToken.None)).ExitCode);
        // Timers count by a coarser clock than the stopwatch and may be some milliseconds early by it.
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(0.95), TimeSpan.FromSeconds(20));
        var processes = ControlGroups.OfHost().Processes($"{ControlGroups.Top}/{_host.Stack}/box/{instance.Id}");
        Assert.NotEmpty(processes);
        Assert.DoesNotContain(processes, process => File.ReadAllText($"/proc/{process}/cmdline").Contains("900", StringComparison.Ordinal));
        // A daemon left behind does not hold the caller.
        Assert.Equal(0, (await _host.Runtime.ExecAsync(instance.Id, ["/bin/sh", "-c", "sleep 500 & exit 0"], null, CancellationToken.None)).ExitCode);
        var unknown = await _host.Runtime.ExecAsync(instance.Id, ["no-such-program"], null, CancellationToken.None);
        Assert.NotEqual(0, unknown.ExitCode);
        Assert.Contains("no-such-program", unknown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task People_s_commands_have_their_own_streams_and_a_terminal_when_asked()
    {
        var instance = await _host.StartAsync(_host.Spec("svc", "/bin/sleep", "1000"));
        var plain = SurvivalTests.Attach(_host, instance.Id, "echo typed | {0}", terminal: false, "cat; tty; exit 9");
        Assert.Equal("typed\nnot a tty\n9", plain);
        var unknown = SurvivalTests.Attach(_host, instance.Id, "{0} 2>&1", terminal: false, "no-such-program");
        Assert.Equal("executable file `no-such-program` not found in $PATH: No such file or directory\n127", unknown);
        var terminal = SurvivalTests.Attach(_host, instance.Id, "script -qec '{0}' /dev/null < /dev/null", terminal: true, "tty; exit 8");
        // script(1) types an end of file, which the terminal may show in between.
        Assert.Equal("/dev/pts/0\n8", terminal.Replace("\r", "", StringComparison.Ordinal).Replace("\0", "", StringComparison.Ordinal).Replace("^@", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stopped_instance_gets_its_signal_and_is_killed_when_it_ignores_it()
    {
        var good = await _host.StartAsync(_host.Spec("good", "/bin/sh", "-c", "trap 'echo bye; exit 4' HUP; echo ready; while :; do sleep 0.1; done") with { StopSignal = "SIGHUP" });
        await Eventually(async () => await _host.OutputAsync(good.Id) == "ready");
        Assert.Equal(4, (await _host.Runtime.StopAsync(good.Id, CancellationToken.None)).Code);
        Assert.Equal("ready\nbye", await _host.OutputAsync(good.Id));
        var bad = await _host.StartAsync(_host.Spec("bad", "/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done") with { StopTimeout = TimeSpan.FromMilliseconds(300) });
        await Eventually(async () => await _host.OutputAsync(bad.Id) == "ready");
        Assert.Equal(137, (await _host.Runtime.StopAsync(bad.Id, CancellationToken.None)).Code);
    }

    [Fact]
    public async Task A_restart_begins_with_a_fresh_layer_and_keeps_id_address_and_log()
    {
        var label = _host.Label(_host.Spec("again", "/bin/sh", "-c", "ls /root/; echo run") with { User = "root", Prepare = [["touch", "/root/mark"]] });
        for (var n = 0; n < 2; n++)
        {
            await _host.Runtime.StartAsync(label, CancellationToken.None);
            await _host.Runtime.WaitAsync(label.Id, CancellationToken.None);
        }

        Assert.Equal("mark\nrun\nmark\nrun", await _host.OutputAsync(label.Id));
        var again = label with { Spec = label.Spec with { Prepare = [], Command = ["/bin/ls", "/root/"] } };
        await _host.Runtime.StartAsync(again, CancellationToken.None);
        Assert.Equal(0, (await _host.Runtime.WaitAsync(label.Id, CancellationToken.None)).Code);
        Assert.Equal("mark\nrun\nmark\nrun", await _host.OutputAsync(label.Id));
    }

    [Fact]
    public async Task Drift_lists_what_changed_in_the_layer_and_nothing_that_the_runtime_made()
    {
        var instance = await _host.StartAsync(_host.Spec("drift", "/bin/sh", "-c", "sleep 1000") with { User = "root", Volumes = [new VolumeUse("v1", "/new/mount/point")] });
        Assert.Empty(_host.Runtime.Drift(instance.Id));
        var result = await _host.Runtime.ExecAsync(instance.Id, ["/bin/sh", "-c", "echo x >> /etc/passwd; rm /etc/issue; mkdir -p /srv/new/sub; echo y > /srv/new/file; chmod 711 /home; touch /tmp/no /run/no /new/mount/point/no"], null, CancellationToken.None);
        Assert.Equal(new CommandResult(0, ""), result);
        Assert.Equal([new("/etc/issue", DriftKind.Removed), new("/etc/passwd", DriftKind.Changed), new("/home", DriftKind.Changed),
            new("/srv/new", DriftKind.Added), new("/srv/new/file", DriftKind.Added), new("/srv/new/sub", DriftKind.Added)], _host.Runtime.Drift(instance.Id));
    }

    [Fact]
    public async Task The_machine_s_limits_hold_for_all_its_instances_together()
    {
        var small = new MachineSpec("small", MemoryBytes: 64 << 20, Processes: 20);
        var memory = await _host.StartAsync(_host.Spec("eat", "/usr/bin/perl", "-e", "my @a; while (1) { push @a, 'x' x 1048576; }") with { Machine = "small" }, small);
        var exit = await _host.Runtime.WaitAsync(memory.Id, CancellationToken.None);
        Assert.Equal(137, exit.Code);
        Assert.True(exit.OutOfMemory);
        var (_, output) = await _host.RunAsync(spec => spec with { Machine = "small" }, "for n in $(seq 40); do sleep 5 & done; echo no", small);
        Assert.Contains("Cannot fork", output, StringComparison.Ordinal);
        var slow = new MachineSpec("slow", Cpus: 0.25);
        var (_, times) = await _host.RunAsync(spec => spec with { Machine = "slow" }, "timeout 2 perl -e '1 while 1'; awk '{print $14+$15+$16+$17}' /proc/1/stat", slow);
        Assert.InRange(int.Parse(times, System.Globalization.CultureInfo.InvariantCulture), 1, 80); // hundredths of a second out of two seconds
    }

    [Fact]
    public async Task What_cannot_start_says_why_and_leaves_nothing()
    {
        var missing = await Assert.ThrowsAsync<MayflyException>(() => _host.StartAsync(_host.Spec("none", "/no/program")));
        Assert.Equal("none cannot start: its image has no program '/no/program'", missing.Message);
        var user = await Assert.ThrowsAsync<MayflyException>(() => _host.StartAsync(_host.Spec("none", "/bin/true") with { User = "nosuch" }));
        Assert.Contains("no user 'nosuch'", user.Message, StringComparison.Ordinal);
        var layer = await Assert.ThrowsAsync<MayflyException>(() => _host.StartAsync(_host.Spec("none", "/bin/true") with { Layers = ["base", "gone"] }));
        Assert.Contains("lacks the layer gone", layer.Message, StringComparison.Ordinal);
        var secret = await Assert.ThrowsAsync<MayflyException>(() => _host.StartAsync(_host.Spec("none", "/bin/true") with { Secrets = [new("nope", "X", null)] }));
        Assert.Contains("secret 'nope'", secret.Message, StringComparison.Ordinal);
        Assert.Empty(_host.Runtime.List());
        string[] rules = LocalHost.OnSecondKernel ? [] : ["nftables table mayfly-" + _host.Stack];
        Assert.Equal(["control group /mayfly/" + _host.Stack, "link mf-" + _host.Stack, .. rules],
            (await Leftovers.FindAsync(_host.Programs, _host.Stack, CancellationToken.None, _host.RunFolder)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Many_start_at_once()
    {
        var started = await Task.WhenAll(Enumerable.Range(1, 8).Select(n => _host.StartAsync(_host.Spec("many", "/bin/sleep", "1000") with { Replica = n })));
        Assert.Equal(8, started.Select(instance => instance.Label.Address).Distinct().Count());
        Assert.All(_host.Runtime.List(_host.Stack), instance => Assert.Equal(RunPhase.Running, instance.Phase));
        Assert.Equal(8, _host.NewRuntime().List(_host.Stack).Count);
    }

    internal static async Task Eventually(Func<Task<bool>> condition)
    {
        for (var deadline = Environment.TickCount64 + 20_000; !await condition(); await Task.Delay(20))
            Assert.True(Environment.TickCount64 < deadline, "it did not happen within 20 s");
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await Leftovers.RemoveAsync(_host.Runtime, _host.Network, _host.Volumes, _host.Stack, CancellationToken.None);
        Assert.Empty(await Leftovers.FindAsync(_host.Programs, _host.Stack, CancellationToken.None, _host.RunFolder));
        await _host.DisposeAsync();
    }
}
