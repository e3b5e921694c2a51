"""Components that Streamlit does not have: live plot, heatmap over a review, button that copies the address."""
