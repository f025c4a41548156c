namespace Mayfly.Machines.Local;

/// <summary>The programs that the local runtime starts, by absolute path: the tool set's own, never the host's.</summary>
/// <param name="Crun">The OCI runtime.</param>
/// <param name="Conmon">The monitor: parent of each instance, keeper of its log and exit code.</param>
/// <param name="Nft">Sets published ports, all at once.</param>
public sealed record RuntimePrograms(string Crun, string Conmon, string Nft);
