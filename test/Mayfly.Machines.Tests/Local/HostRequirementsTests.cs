using Mayfly.Machines.Local;

namespace Mayfly.Machines.Tests.Local;

[Trait("needs", "root")]
public sealed class HostRequirementsTests
{
    [Fact]
    public async Task This_host_meets_all_of_them_and_keeps_no_trace_of_the_check()
    {
        await using var host = new LocalHost();
        var all = HostRequirements.Check(host.Store, host.Programs);
        Assert.Equal(["superuser", "namespaces", "overlay file system", "bridge and veth", "system call filter", "control groups", "nftables with NAT", "forwarding to instances"], all.Select(requirement => requirement.Name));
        Assert.All(all.Where(requirement => requirement.Required), requirement => Assert.True(requirement.Met, $"{requirement.Name}: {requirement.Found}"));
        Assert.All(all.Where(requirement => requirement.Met), requirement => Assert.Null(requirement.Remedy));
        Assert.Empty(Directory.EnumerateFileSystemEntries(host.Store.Folder(Mayfly.Packages.StoreArea.Tmp)));
        Assert.DoesNotContain("probe", Network.Nft(host.Programs, "list tables\n"), StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetDirectories("/sys/class/net"), link => link.Contains("probe", StringComparison.Ordinal));
    }
}
