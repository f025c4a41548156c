using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Mayfly.Linux;

namespace Mayfly.Machines.Local;

/// <summary>
/// Which ports of the host lead into which stack: <c>ports/STACK</c> in the run folder, a line <c>ADDRESS PORT TARGET…</c> each.
/// Kept in files because translated ports have no socket that another stack would bump into.
/// </summary>
internal static class Published
{
    public static IReadOnlyList<PublishedTarget> Read(string runFolder, string stack) =>
        InstanceFolder.Read(Path.Combine(runFolder, "ports", stack)) is not { } text ? []
            : [.. from line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                  let words = line.Split(' ')
                  select new PublishedTarget(int.Parse(words[1], CultureInfo.InvariantCulture), words[0] == "*" ? null : words[0], [.. words[2..].Select(IPEndPoint.Parse)])];

    public static void Write(string runFolder, string stack, IReadOnlyList<PublishedTarget> ports)
    {
        var path = Path.Combine(runFolder, "ports", stack);
        if (ports.Count == 0)
        {
            if (Directory.Exists(Path.GetDirectoryName(path)))
                File.Delete(path);
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllLines(path + ".new", ports.Select(port => string.Join(' ', [port.HostAddress ?? "*", port.HostPort.ToString(CultureInfo.InvariantCulture), .. port.Targets.Select(target => target.ToString())])));
        Files.Rename(path + ".new", path);
    }

    public static void Check(string runFolder, string stack, IReadOnlyList<PublishedPort> ports)
    {
        var folder = Path.Combine(runFolder, "ports");
        IEnumerable<string> others = Directory.Exists(folder) ? Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)).Where(name => name != stack && !name.EndsWith(".new", StringComparison.Ordinal)) : [];
        foreach (var other in others)
        {
            foreach (var held in Read(runFolder, other))
            {
                if (ports.FirstOrDefault(port => port.HostPort == held.HostPort && Meet(port.HostAddress, held.HostAddress)) is { } clash)
                    throw new MayflyException($"port {clash.HostPort} is published by the stack '{other}'", $"publish another port, or take that stack down: mayfly down {other}");
            }
        }

        foreach (var port in ports)
        {
            if (port.HostAddress is { } address && !IPAddress.TryParse(address, out _))
                throw new MayflyException($"'{address}' is no address of this host", "publish on an IPv4 address such as 127.0.0.1, or on all");
            if (Holder(port) is { } holder)
                throw new MayflyException($"port {port.HostPort} is taken{holder}", "publish another port, or stop what listens there");
        }
    }

    private static bool Meet(string? a, string? b) => a is null or "0.0.0.0" || b is null or "0.0.0.0" || a == b;

    /// <summary>Null when the port is free; otherwise who holds it, as far as it can be told.</summary>
    private static string? Holder(PublishedPort port)
    {
        // Listening sockets only: a port that was in use a moment ago (TIME_WAIT) does not stand in the way of a translation.
        foreach (var (file, length) in (ReadOnlySpan<(string, int)>)[("/proc/net/tcp", 8), ("/proc/net/tcp6", 32)])
        {
            foreach (var line in (InstanceFolder.Read(file) ?? "").Split('\n').Skip(1))
            {
                const string Listening = "0A";
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length < 10 || fields[3] != Listening)
                    continue;
                var local = fields[1].Split(':');
                if (int.Parse(local[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) != port.HostPort || !Meet(port.HostAddress, Address(local[0], length)))
                    continue;
                return Owner(fields[9]);
            }
        }

        // An address that this host does not have cannot lead anywhere.
        if (port.HostAddress is null or "0.0.0.0")
            return null;
        try
        {
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(IPAddress.Parse(port.HostAddress), 0));
            return null;
        }
        catch (SocketException e)
        {
            throw new MayflyException($"port {port.HostPort} cannot be published on {port.HostAddress}: {e.Message}", "publish it on an address of this host, or on all");
        }
    }

    /// <summary>The kernel prints addresses as 32-bit words in the machine's byte order. All of a family's addresses read as 0.0.0.0.</summary>
    private static string Address(string hex, int length)
    {
        var bytes = Convert.FromHexString(hex[..length]);
        if (BitConverter.IsLittleEndian)
        {
            for (var n = 0; n < bytes.Length; n += 4)
                Array.Reverse(bytes, n, 4);
        }

        var address = new IPAddress(bytes);
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.Equals(IPAddress.IPv6Any) ? "0.0.0.0" : address.ToString();
    }

    private static string Owner(string inode)
    {
        var link = $"socket:[{inode}]";
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(process), out var id))
                continue;
            try
            {
                foreach (var descriptor in Directory.EnumerateFiles(Path.Combine(process, "fd")))
                {
                    if (new FileInfo(descriptor).LinkTarget == link)
                        return $" by process {id} ({InstanceFolder.Read(Path.Combine(process, "comm"))?.Trim()})";
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended while we looked, or is not ours to look into.
            }
        }

        return "";
    }
}
