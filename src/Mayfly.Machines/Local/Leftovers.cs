using System.Net;
using Mayfly.Linux;

namespace Mayfly.Machines.Local;

/// <summary>What the host holds for a stack: taken away as a whole, and counted.</summary>
public static class Leftovers
{
    /// <summary>Ends everything of a stack and removes it from the host: instances, control groups, ports, links. Volumes, secrets and logs stay.</summary>
    public static async Task RemoveAsync(Runtime runtime, Network network, Volumes volumes, string stack, CancellationToken cancellationToken)
    {
        volumes.Thaw(stack); // a process that stands still cannot be killed in version 1
        await Task.WhenAll(runtime.List(stack).Select(instance => runtime.DeleteAsync(instance.Id, cancellationToken)));
        foreach (var view in volumes.Views(stack))
            volumes.RemoveView(stack, view);
        // Folders whose creator died before it had written what they were to be: nothing was started from them.
        foreach (var folder in InstanceFolder.All(runtime.RunFolder).Where(folder => folder.ReadLabel() is null))
            Trees.Remove(folder.Path);
        await network.RemoveAsync(stack, cancellationToken);
        var groups = ControlGroups.OfHost();
        foreach (var process in groups.Processes($"{ControlGroups.Top}/{stack}"))
            ProcessIdentity.Of(process)?.Signal(Signals.Kill);
        var deadline = Environment.TickCount64 + 5_000;
        while (!groups.Remove($"{ControlGroups.Top}/{stack}") && Environment.TickCount64 < deadline)
            await Task.Delay(10, cancellationToken);
        // Shared by all stacks: they go with the last one, and stay while anything is in them.
        groups.Remove(ControlGroups.Top + "/monitors");
        groups.RemoveEmpty(ControlGroups.Top);
    }

    /// <summary>What is there of a stack now, each thing by name; empty when nothing is. A null stack asks for all of Mayfly's.</summary>
    public static Task<IReadOnlyList<string>> FindAsync(RuntimePrograms programs, string? stack, CancellationToken cancellationToken, string runFolder = Runtime.DefaultRunFolder) => Task.Run(() =>
    {
        List<string> found = [];
        var groups = ControlGroups.OfHost();
        var top = stack is null ? ControlGroups.Top : $"{ControlGroups.Top}/{stack}";
        found.AddRange(InstanceFolder.All(runFolder).Where(folder => stack is null || folder.ReadLabel()?.Spec.Stack == stack).Select(folder => $"folder {folder.Path}"));
        found.AddRange(groups.Processes(top).Select(process => $"process {process}"));
        found.AddRange(Monitors(stack).Select(process => $"process {process} (monitor)"));
        found.AddRange(groups.Below(top).Select(group => $"control group {group}"));
        found.AddRange(File.ReadLines("/proc/self/mounts").Select(line => line.Split(' ')[1]).Where(target => target.StartsWith(runFolder + "/", StringComparison.Ordinal)).Select(target => $"mount {target}"));
        var table = stack is null ? null : Network.TableOf(stack);
        found.AddRange(Network.Tables(programs).Where(name => table is null ? name.StartsWith("mayfly-", StringComparison.Ordinal) : name == table).Select(name => $"nftables table {name}"));
        using var host = Network.LockHost();
        using var links = new NetworkLinks();
        var present = links.List();
        found.AddRange(present.Where(link => stack is null ? link.Name.StartsWith("mf-", StringComparison.Ordinal) || link.Name.StartsWith("mfv", StringComparison.Ordinal)
            : link.Name == Network.BridgeOf(stack) || link.Alias?.StartsWith(stack + "-", StringComparison.Ordinal) == true).Select(link => $"link {link.Name}"));
        var dns = IPAddress.Parse(Network.DnsAddress);
        if (!present.Any(link => link.Name.StartsWith("mf-", StringComparison.Ordinal)) && present.FirstOrDefault(link => link.Name == "lo") is { } loopback && links.Addresses(loopback.Index).Any(address => address.Address.Equals(dns)))
            found.Add($"address {dns} on lo");
        var ports = Path.Combine(runFolder, "ports");
        if (Directory.Exists(ports))
            found.AddRange(Directory.EnumerateFiles(ports).Select(path => Path.GetFileName(path)).Where(name => stack is null || name == stack).Select(name => $"published ports of {name}"));
        return (IReadOnlyList<string>)found;
    }, cancellationToken);

    private static IEnumerable<int> Monitors(string? stack)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var process) || InstanceFolder.Read(Path.Combine(folder, "cmdline"))?.Split('\0') is not { } arguments)
                continue;
            var name = Array.IndexOf(arguments, "--cid");
            if (name > 0 && Array.IndexOf(arguments, "--conmon-pidfile") > 0 && (stack is null || arguments[name + 1].StartsWith(stack + "-", StringComparison.Ordinal)))
                yield return process;
        }
    }
}
