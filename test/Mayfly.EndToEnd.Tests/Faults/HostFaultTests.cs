namespace Mayfly.EndToEnd.Tests.Faults;

/// <summary>What a host can lack or refuse while a stack is live on it: <c>up</c> says so and what is live stays as it was.</summary>
[Collection(OnFaultGround.Name), Trait("needs", "root")]
public sealed class HostFaultTests(FaultGround ground)
{
    [Fact]
    public async Task A_component_that_never_gets_healthy_is_told_with_its_last_words_and_what_is_live_stays()
    {
        using var live = new LiveFaulty(ground);
        (await live.UpAsync("FAULT=never-healthy")).Refused("pages", "waiting for something that never comes");
        await live.IsDownAsync();
        (await live.UpAsync()).Succeeded();
        var before = await live.StartedAsync();

        (await live.UpAsync("FAULT=never-healthy")).Refused("pages", "waiting for something that never comes");
        Assert.Equal(before, await live.StartedAsync());
        (await live.UpAsync("FAULT=ends-at-once", "WORD=other")).Refused("pages", "9", "serving other");
        (await live.UpAsync("FAULT=broken-step")).Refused("of faulty/pages ended with exit code 7", "this step is broken");
        Assert.Equal(before, await live.StartedAsync());
        Assert.Equal("hello", await live.Host.GetAsync(LiveFaulty.Port));
        (await live.UpAsync()).Succeeded();
        Assert.Equal(before, await live.StartedAsync());
    }

    [Fact]
    public async Task A_port_that_another_process_holds_is_told_with_its_holder_and_nothing_runs()
    {
        using var live = new LiveFaulty(ground);
        using (var holder = live.Host.Start(live.Environment(), "perl", "-MIO::Socket::INET", "-e",
            $"$| = 1; my $s = IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => {LiveFaulty.Port}, Listen => 1) or die; print \"holding\\n\"; sleep 600"))
        {
            Assert.Equal("holding", await holder.StandardOutput.ReadLineAsync());
            (await live.UpAsync()).Refused($"port {LiveFaulty.Port} is taken", "perl");
            await live.IsDownAsync(answers: true);
            holder.Kill();
            await holder.WaitForExitAsync();
        }

        (await live.UpAsync()).Succeeded();
        Assert.Equal("hello", await live.Host.GetAsync(LiveFaulty.Port));
    }

    [Fact]
    public async Task A_kernel_without_overlays_is_told_before_anything_is_built()
    {
        using var live = new LiveFaulty(ground);
        await live.Host.ShellAsync($"grep -v overlay /proc/filesystems > {live.Folder}/filesystems && mount --bind {live.Folder}/filesystems /proc/filesystems");
        var before = StoreState.Of(ground.Store).Where(IsBuilt);
        (await live.MayflyAsync(["image", "build", "--install", "wants-old", "--name", "tried"])).Refused("this kernel has no overlayfs", "modprobe overlay");
        (await live.UpAsync("FAULT=broken-step")).Refused("this kernel has no overlayfs");
        Assert.Equal(before, StoreState.Of(ground.Store).Where(IsBuilt));

        static bool IsBuilt(string entry) => !entry.StartsWith("stacks/", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sys_admin")]
    [InlineData("net_admin")]
    public async Task A_host_that_forbids_what_instances_need_is_told_and_nothing_is_left(string capability)
    {
        using var live = new LiveFaulty(ground);
        var run = await live.Host.RunAsync(live.Environment(), "setpriv", $"--bounding-set=-{capability}", $"--inh-caps=-{capability}", "--", Path.Combine(Tool.Repository, "mayfly"), "up", ground.StackFolder);
        run.Refused("this host cannot", "Operation not permitted", "privileged");
        Assert.Empty(StoreState.Abandoned(ground.Store));
    }

    [Fact]
    public async Task Without_root_a_stack_is_planned_locked_and_drawn_and_up_says_one_sentence()
    {
        var home = ground.NewFolder();
        using var live = new LiveFaulty(ground);
        // The user has a copy of the stack, and reads the clone and what NuGet has fetched for root under names that root alone would not hide.
        var nobody = Path.Combine(home, "examples/faulty");
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } named ? named : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget/packages");
        await live.Host.ShellAsync($"""
            mkdir -p {home}/clone {home}/packages && chmod a+rx {ground.Folder}
            mount --bind {Tool.Repository} {home}/clone && mount --bind {packages} {home}/packages
            cp -r {ground.StackFolder}/.. {home}/examples && ln -s clone/.mayfly {home}/.mayfly
            chown -R 65534:65534 {home}/examples && chown 65534:65534 {home}
            """);
        var environment = FaultGround.Environment(Path.Combine(home, "store"), ground.Configuration,
            ("HOME", home), ("XDG_CACHE_HOME", Path.Combine(home, "cache")), ("NUGET_PACKAGES", Path.Combine(home, "packages")));
        Task<Ended> AsNobodyAsync(params string[] words) => live.Host.RunOnNetworkAsync(environment, "setpriv",
            ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--", $"{home}/clone/mayfly", .. words]);

        Assert.Contains("pages", (await AsNobodyAsync("plan", nobody)).Succeeded().Output);
        (await AsNobodyAsync("lock", nobody)).Succeeded();
        Assert.True(File.Exists(Path.Combine(nobody, "stack.lock")));
        Assert.Contains("pages", (await AsNobodyAsync("graph", nobody)).Succeeded().Output);
        foreach (var verb in (string[])["up", "down", "status"])
            (await AsNobodyAsync(verb, nobody)).Refused("root", "sudo");
        (await AsNobodyAsync("image", "build", "--install", "lib")).Refused("root", "sudo");
        // Root's own store may be named, but not used.
        environment["MAYFLY_STORE"] = ground.Store;
        foreach (var verb in (string[])["plan", "lock"])
            (await AsNobodyAsync(verb, nobody)).Refused(ground.Store, "MAYFLY_STORE");
        Assert.DoesNotContain(StoreState.Of(Path.Combine(home, "store")), entry => !entry.StartsWith("unpacked/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_store_that_is_another_s_is_told_in_one_sentence()
    {
        var environment = FaultGround.Environment("/proc/nowhere", ground.Configuration);
        foreach (var verb in (string[])["plan", "lock", "up"])
            (await Tool.RunAsync(Path.Combine(Tool.Repository, "mayfly"), [verb, ground.StackFolder], environment)).Refused("/proc/nowhere", "MAYFLY_STORE");
    }
}
