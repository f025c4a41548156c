using System.Text.Json;
using Mayfly.Machines.Local;

namespace Mayfly.Machines.Tests.Local;

public sealed class BundleTests
{
    private static readonly ImageNames Names = new(
        "root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\nbroken\n",
        "root:x:0:\nwww-data:x:33:\nssl-cert:x:110:postgres,www-data\nmail:x:8:\n");

    private static readonly InstanceSpec Spec = new()
    {
        Stack = "shop",
        Component = "web",
        Replica = 2,
        Machine = "box",
        Key = "k",
        Image = "sha256:0",
        Layers = ["l"],
        Command = ["/usr/sbin/apache2", "-DFOREGROUND"],
        User = "www-data",
        Environment = new Dictionary<string, string> { ["A"] = "b", ["PATH"] = "/bin" },
    };

    [Fact]
    public void It_grants_nothing_that_is_not_asked_for()
    {
        var config = Create(Spec);
        Assert.True(config.Process.NoNewPrivileges);
        Assert.All((IReadOnlyList<string>[])[config.Process.Capabilities.Bounding, config.Process.Capabilities.Effective, config.Process.Capabilities.Permitted, config.Process.Capabilities.Inheritable, config.Process.Capabilities.Ambient], Assert.Empty);
        Assert.Equal("SCMP_ACT_ERRNO", config.Linux.Seccomp.DefaultAction);
        Assert.Equal(new OciDeviceRule(false, "rwm"), Assert.Single(config.Linux.Resources.Devices));
        Assert.Contains("ro", config.Mounts.Single(mount => mount.Destination == "/sys").Options);
        Assert.Contains("/proc/sys", config.Linux.ReadonlyPaths);
        Assert.Contains("/proc/kcore", config.Linux.MaskedPaths);
        Assert.Equal(["pid", "ipc", "uts", "mount", "cgroup", "network"], config.Linux.Namespaces.Select(space => space.Type));
        Assert.All(config.Mounts.Where(mount => mount.Type == "bind"), mount => Assert.Contains("nosuid", mount.Options));
    }

    [Fact]
    public void The_user_s_numbers_groups_and_home_come_from_the_image()
    {
        var process = Create(Spec).Process;
        Assert.Equal((33, 33), (process.User.Uid, process.User.Gid));
        Assert.Equal([110], process.User.AdditionalGids);
        Assert.Contains("HOME=/var/www", process.Env);
        Assert.Contains("PATH=/bin", process.Env);
        Assert.Single(process.Env, variable => variable.StartsWith("PATH=", StringComparison.Ordinal));
        var failure = Assert.Throws<MayflyException>(() => Create(Spec with { User = "nosuch" }));
        Assert.Equal("web: the image has no user 'nosuch'", failure.Message);
        Assert.NotNull(failure.Hint);
    }

    [Theory]
    [InlineData("www-data", 33, 33)]
    [InlineData("www-data:mail", 33, 8)]
    [InlineData("root:8", 0, 8)]
    [InlineData("1000:1001", 1000, 1001)]
    public void Owners_are_names_or_numbers(string owner, int user, int group) => Assert.Equal((user, group), Names.Owner(owner, "x"));

    [Fact]
    public void An_image_without_users_has_a_superuser()
    {
        var none = new ImageNames("", "");
        Assert.Equal((0, 0), none.Owner("root:root", "x"));
        Assert.Equal("/root", none.User("root", "x").Home);
        Assert.Throws<MayflyException>(() => none.Owner("root:mail", "x"));
    }

    [Fact]
    public void Secrets_are_in_the_environment_only_by_their_format()
    {
        var config = Create(Spec with { Secrets = [new SecretUse("pw", "URL", null, "pg://u:{secret}@db"), new SecretUse("pw", null, "/etc/pw")] });
        Assert.Contains("URL=<pg://u:{secret}@db of pw>", config.Process.Env);
        var file = config.Mounts.Single(mount => mount.Destination == "/etc/pw");
        Assert.Equal("/run/i/secrets/0", file.Source);
        Assert.Contains("ro", file.Options);
    }

    [Fact]
    public void Limits_stay_below_the_host_s()
    {
        Assert.Contains(new OciLimit("RLIMIT_NOFILE", 1024, 1024), Create(Spec, mostOpenFiles: 1024).Process.Rlimits);
        Assert.Contains(new OciLimit("RLIMIT_NOFILE", 16384, 524288), Create(Spec, mostOpenFiles: ulong.MaxValue).Process.Rlimits);
        Assert.Equal(20000ul, HostLimits.OpenFiles("Limit                     Soft Limit           Hard Limit           Units     \nMax cpu time              unlimited            unlimited            seconds   \nMax open files            1024                 20000                files     \n"));
        Assert.Equal(ulong.MaxValue, HostLimits.OpenFiles("Max open files            1024                 unlimited            files\n"));
    }

    [Fact]
    public void Parents_are_mounted_before_what_lies_in_them()
    {
        var config = Create(Spec with
        {
            RuntimeDirectories = [new("/run/a/b", "www-data", 0b111_000_000), new("/run/a")],
            Volumes = [new VolumeUse("deep", "/srv/x/y"), new VolumeUse("top", "/srv/x")],
        });
        var order = config.Mounts.Select(mount => mount.Destination).ToList();
        Assert.True(order.IndexOf("/run") < order.IndexOf("/run/a") && order.IndexOf("/run/a") < order.IndexOf("/run/a/b"));
        Assert.True(order.IndexOf("/srv/x") < order.IndexOf("/srv/x/y"));
        Assert.Equal(["nosuid", "nodev", "mode=700", "uid=33", "gid=33"], config.Mounts[order.IndexOf("/run/a/b")].Options);
    }

    [Fact]
    public void The_start_script_quotes_every_word()
    {
        Assert.Null(Bundle.Script(Spec));
        var spec = Spec with { Prepare = [["echo", "it's", "$HOME;"]] };
        Assert.Equal("#!/bin/sh\nset -e\n'echo' 'it'\\''s' '$HOME;'\nexec '/usr/sbin/apache2' '-DFOREGROUND'\n", Bundle.Script(spec));
        Assert.Equal(["/bin/sh", "/run/mayfly-start"], Create(spec).Process.Args);
        Assert.Equal(Spec.Command, Create(Spec).Process.Args);
    }

    [Fact]
    public void A_capability_opens_the_calls_that_ask_for_it_and_no_others()
    {
        var plain = Seccomp.For([]);
        var chroot = Seccomp.For(["CAP_SYS_CHROOT"]);
        Assert.DoesNotContain("chroot", Allowed(plain));
        Assert.Contains("chroot", Refused(plain));
        Assert.Contains("chroot", Allowed(chroot));
        Assert.DoesNotContain("chroot", Refused(chroot));
        Assert.DoesNotContain("mount", Allowed(chroot));
        foreach (var seccomp in (OciSeccomp[])[plain, chroot, Seccomp.For(["CAP_SYS_ADMIN"])])
            Assert.Empty(Allowed(seccomp).Intersect(Refused(seccomp)));
        Assert.Equal([new OciSyscallArgument(0, 0x7e020000, 0, "SCMP_CMP_MASKED_EQ")], plain.Syscalls.Single(call => call.Names[0] == "clone").Args!);
        Assert.Equal([1ul, 2, 10, 16], plain.Syscalls.Where(call => call.Names[0] == "socket").Select(call => call.Args![0].Value));
        Assert.DoesNotContain("clone3", Allowed(plain).Concat(Refused(plain)));

        static IEnumerable<string> Allowed(OciSeccomp seccomp) => seccomp.Syscalls.Where(call => call.Action == "SCMP_ACT_ALLOW" && call.Args is null).SelectMany(call => call.Names);
        static IEnumerable<string> Refused(OciSeccomp seccomp) => seccomp.Syscalls.Where(call => call.Action == "SCMP_ACT_ERRNO").SelectMany(call => call.Names);
    }

    [Fact]
    public void The_configuration_is_written_by_the_specification_s_names()
    {
        using var json = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(Create(Spec), OciJson.Default.OciConfig));
        var root = json.RootElement;
        Assert.Equal("1.0.0", root.GetProperty("ociVersion").GetString());
        Assert.Equal("web-2", root.GetProperty("hostname").GetString());
        Assert.Equal("rootfs", root.GetProperty("root").GetProperty("path").GetString());
        Assert.Equal("/mayfly/shop/box/shop-web-2-1", root.GetProperty("linux").GetProperty("cgroupsPath").GetString());
        Assert.Equal("0", root.GetProperty("linux").GetProperty("sysctl").GetProperty("net.ipv4.ip_unprivileged_port_start").GetString());
        Assert.Equal(38, root.GetProperty("linux").GetProperty("seccomp").GetProperty("defaultErrnoRet").GetInt32());
        Assert.False(root.GetProperty("linux").GetProperty("namespaces")[0].TryGetProperty("path", out _));
    }

    private static OciConfig Create(InstanceSpec spec, ulong mostOpenFiles = 20000) => Bundle.Create(new BundleInput
    {
        Label = new InstanceLabel { Id = "shop-web-2-1", Spec = spec, Machine = new MachineSpec("box"), View = "live", Address = "10.77.0.5" },
        Folder = "/run/i",
        Names = Names,
        NetworkNamespace = "/proc/1/fd/9",
        MostOpenFiles = mostOpenFiles,
        SecretValue = use => $"<{use.Format} of {use.Secret}>",
        VolumePath = use => "/volumes/" + use.Name,
    });
}
