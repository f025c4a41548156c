namespace Mayfly.Packages.Python;

/// <summary>How far a pre-release had come; PEP 440, "Pre-releases".</summary>
public enum ReleasePhase : byte
{
    Alpha,
    Beta,
    Candidate,
}
