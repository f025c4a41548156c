namespace Mayfly.Machines;

/// <summary>A named pod of a size: one control group that the instances placed on it share.</summary>
/// <param name="Name"><c>box</c>, or <c>app-2</c> for the second of several.</param>
/// <param name="Cpus">Processors' worth of time; 0 means no limit.</param>
/// <param name="MemoryBytes">0 means no limit.</param>
/// <param name="Processes">Processes and threads; 0 means no limit.</param>
public sealed record MachineSpec(string Name, double Cpus = 0, long MemoryBytes = 0, int Processes = 0);
